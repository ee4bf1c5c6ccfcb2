"""What goes wrong with weights."""

from __future__ import annotations


class WeightsError(ValueError):
    """Weights that cannot be used as asked; the sentence names the file or key and the remedy."""
