"""From a video file to a verdict: what the app, the command line and training share.

The names below are what other programs use; each is loaded when it is first asked for, since most
of them bring torch along.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.analyser import Analyser
    from pipeline.config import Profile, load_profile
    from pipeline.errors import InputError
    from pipeline.programme.finder import ProgrammeFinder
    from pipeline.storage.analysis_files import load, save
    from pipeline.storage.cache import AnalysisCache
    from pipeline.storage.programme_files import load_programme, save_programme
    from pipeline.types import Analysis, Programme, Verdict
    from pipeline.video import open_video

__version__ = "0.1.0"

# torch's threads wait for each other by turning on the spot, by default for milliseconds at every
# step. Where another program needs the core meanwhile, a clip takes twice the processor time and
# more; where nobody does, waiting on the spot is quicker. With a tenth of libgomp's default neither
# takes more than an eighth longer than it need (docs/rink.md). It is read as torch is imported.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "30000")

__all__ = [
    "Analyser",
    "Analysis",
    "AnalysisCache",
    "InputError",
    "Profile",
    "Programme",
    "ProgrammeFinder",
    "Verdict",
    "load",
    "load_profile",
    "load_programme",
    "open_video",
    "save",
    "save_programme",
]

_MODULES = {
    "Analyser": "pipeline.analyser",
    "Analysis": "pipeline.types",
    "AnalysisCache": "pipeline.storage.cache",
    "InputError": "pipeline.errors",
    "Profile": "pipeline.config",
    "Programme": "pipeline.types",
    "ProgrammeFinder": "pipeline.programme.finder",
    "Verdict": "pipeline.types",
    "load": "pipeline.storage.analysis_files",
    "load_profile": "pipeline.config",
    "load_programme": "pipeline.storage.programme_files",
    "open_video": "pipeline.video",
    "save": "pipeline.storage.analysis_files",
    "save_programme": "pipeline.storage.programme_files",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
