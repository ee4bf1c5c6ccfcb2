"""`python -m benchmarks.examples`: analyse the example clips once, for the app to find.

Writes `assets/analyses/<stem>/` and the configuration that made them. To be run again whenever the
demo's weights or settings change; until then the app analyses the examples itself.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

from pipeline.analyser import Analyser
from pipeline.config import load_profile
from pipeline.storage.analysis_files import save

ASSETS = Path(__file__).resolve().parent.parent / "assets"
FOLDER = ASSETS / "analyses"


def main() -> int:
    """Analyse every clip in `assets/examples`."""
    analyser = Analyser(load_profile("demo"))
    shutil.rmtree(FOLDER, ignore_errors=True)
    for clip in sorted((ASSETS / "examples").glob("*.mp4")):
        analysis = analyser.analyse(clip)
        plain = replace(analysis.video, path=clip.name)
        save(replace(analysis, video=plain), FOLDER / clip.stem)
        print(f"{clip.stem}: {analysis.verdict.label} {analysis.verdict.probability:.0%}")
    (FOLDER / "profile.sha256").write_text(analyser.profile.fingerprint() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
