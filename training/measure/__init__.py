"""Fits and examines what `pipeline.measure` knows from the simulated rink."""
