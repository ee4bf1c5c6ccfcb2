"""Corrections with what was taken back: undo and redo."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.sheet.corrected import apply
from pipeline.sheet.corrections import Correction
from pipeline.sheet.rows import Corrected
from pipeline.types import Programme


@dataclass(frozen=True)
class History:
    """What a person did, and what of it was taken back."""

    done: tuple[Correction, ...] = ()
    """In order; these count."""
    undone: tuple[Correction, ...] = ()
    """Taken back, the one to redo first at the end."""

    def corrected(self, programme: Programme) -> Corrected:
        """The list as it stands.

        Raises:
            InputError: The corrections do not fit the programme.
        """
        return apply(programme, self.done)

    def added(self, programme: Programme, correction: Correction) -> History:
        """With one more correction; what was taken back before is gone.

        Raises:
            InputError: It makes no sense; this history stays as it is.
        """
        done = (*self.done, correction)
        apply(programme, done)
        return History(done)

    def undo(self) -> History:
        """Without the last correction; the same where there is none."""
        if not self.done:
            return self
        return History(self.done[:-1], (*self.undone, self.done[-1]))

    def redo(self) -> History:
        """With the correction that was taken back last; the same where there is none."""
        if not self.undone:
            return self
        return History((*self.done, self.undone[-1]), self.undone[:-1])
