"""What goes wrong through no fault of the program."""

from __future__ import annotations


class UserError(ValueError):
    """Bad input or configuration; its sentence is what a command prints after `error:`."""


class WeightsError(UserError):
    """Weights that cannot be used as asked; the sentence names the file or key and the remedy."""
