"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

# A shell starts what it runs in the background with Ctrl-C ignored, and all processes below inherit
# that; tests that interrupt a command would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Two workers of pytest-xdist share two cores: one thread each is faster than fighting.
torch.set_num_threads(int(os.environ.get("RINKSIDE_TEST_THREADS", "1")))

# By default an example that takes more than 0.2 s, and examples that come slowly, fail a test.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _same_noise_every_time() -> None:
    """A test that draws noise without a seed of its own draws the same one in every run."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def goldens() -> Path:
    """The golden files that travel with the project."""
    return ROOT / "tests" / "goldens"


@pytest.fixture(scope="session")
def shared_goldens() -> Path:
    """The complete golden set, where it is at hand."""
    if not (SHARED / "goldens").is_dir():
        pytest.skip("the complete golden set is not here")
    return SHARED / "goldens"


@pytest.fixture(scope="session")
def shared_videos() -> Path:
    """Real clips, where they are at hand."""
    if not (SHARED / "videos").is_dir():
        pytest.skip("the real clips are not here")
    return SHARED / "videos"
