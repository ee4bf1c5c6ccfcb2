"""From a video file to a verdict: what the app, the command line and training share.

The names below are what other programs use; each is loaded when it is first asked for, since most
of them bring torch along.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.analyser import Analyser
    from pipeline.config import Profile, load_profile
    from pipeline.errors import InputError
    from pipeline.storage.analysis_files import load, save
    from pipeline.storage.cache import AnalysisCache
    from pipeline.types import Analysis, Verdict
    from pipeline.video import open_video

__version__ = "0.1.0"

__all__ = [
    "Analyser",
    "Analysis",
    "AnalysisCache",
    "InputError",
    "Profile",
    "Verdict",
    "load",
    "load_profile",
    "open_video",
    "save",
]

_MODULES = {
    "Analyser": "pipeline.analyser",
    "Analysis": "pipeline.types",
    "AnalysisCache": "pipeline.storage.cache",
    "InputError": "pipeline.errors",
    "Profile": "pipeline.config",
    "Verdict": "pipeline.types",
    "load": "pipeline.storage.analysis_files",
    "load_profile": "pipeline.config",
    "open_video": "pipeline.video",
    "save": "pipeline.storage.analysis_files",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
