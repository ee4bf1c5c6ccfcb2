"""Golden-file comparison with the published networks: `python -m training.parity DIR...`."""
