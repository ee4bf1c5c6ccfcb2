"""Golden-file comparison of our networks with the published ones: `python -m training.parity DIR...`."""
