"""The video networks and InfoGCN in training: their tasks, losses and helpers."""
