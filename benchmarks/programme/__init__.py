"""How well the elements of whole programmes are found: `python -m benchmarks.programme`."""
