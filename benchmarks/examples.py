"""`python -m benchmarks.examples`: analyse the example clips once, for the app to find.

Writes `assets/analyses/<stem>/` and the configuration that made them, and `assets/programmes/`: the
elements of the example programme, as they are taken away from the page. To be run again whenever
the demo's weights or settings change; until then the app analyses the clips itself, and the example
programme shows what the weights before found.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from pipeline.analyser import Analyser
from pipeline.config import load_profile
from pipeline.storage.analysis_files import save
from pipeline.storage.programme_pack import pack_programme
from ui.programme.engine import FinderEngine
from ui.programme.job import ProgrammeRequest

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
    for video in sorted((ASSETS / "programmes").glob("*.mp4")):
        find_elements(video)
    (FOLDER / "profile.sha256").write_text(analyser.profile.fingerprint() + "\n")
    return 0


def find_elements(video: Path) -> None:
    """Write what is found in a programme beside its video, as one file that opens again."""
    with tempfile.TemporaryDirectory() as folder:
        place, request = Path(folder) / "programme", ProgrammeRequest(str(video))
        found = FinderEngine().find(request, place, lambda progress: None, lambda: False)
        pack_programme(place, video.with_suffix(".zip"))
    print(f"{video.stem}: {', '.join(element.code for element in found.elements)}")


if __name__ == "__main__":
    sys.exit(main())
