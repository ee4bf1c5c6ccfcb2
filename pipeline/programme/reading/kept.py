"""What was found in a video's pieces, on disk: a run that was killed goes on where it was."""

from __future__ import annotations

from pipeline.programme.reading.findings import Finding


class KeptReading:
    """The findings of one video."""

    def findings(self) -> list[Finding]:
        """Those of the pieces from the video's start on, without gaps."""
        return []

    def keep(self, finding: Finding) -> None:
        """Add the finding of the next piece."""
