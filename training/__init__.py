"""Offline scripts: parity with the published networks, data preparation, training, evaluation."""
