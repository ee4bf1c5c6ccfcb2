"""Fixtures of the pipeline's tests."""

from __future__ import annotations

import pytest

from tests.videos import Shelf


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Small encoded videos, made when first asked for."""
    return Shelf(tmp_path_factory.mktemp("videos"))
