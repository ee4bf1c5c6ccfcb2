"""What stops a training run; each error is a sentence to act on."""

from __future__ import annotations

from pipeline.errors import InputError


class TrainingError(InputError):
    """A run that cannot begin or go on; the command line ends with 2."""
