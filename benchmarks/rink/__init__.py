"""Benchmarks of the simulated rink."""
