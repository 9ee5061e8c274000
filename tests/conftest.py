"""What all tests share: no run depends on an earlier one, or leaves anything behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest

_cache = tempfile.TemporaryDirectory(prefix="lossproof-tests-")
os.environ["XDG_CACHE_HOME"] = _cache.name

try:
    from hypothesis import settings
except ImportError:
    pass
else:
    settings.register_profile("same-every-time", derandomize=True, deadline=None)
    settings.load_profile("same-every-time")


@pytest.fixture(scope="session", autouse=True)
def own_cache() -> Iterator[None]:
    """The rulebook's cache of this run is not that of the user."""
    yield
    _cache.cleanup()


@pytest.fixture
def with_coq() -> None:
    """Skips a test without Coq, but never where everything has to be there."""
    from programs import needs_program

    from lossproof.referees import INSTALL

    needs_program("coqc", INSTALL["coq"])
