from __future__ import annotations

import pytest

from tests.videos import Shelf


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Small honest videos, from which the others are made."""
    return Shelf(tmp_path_factory.mktemp("clips"))
