"""Coq: the assumptions of the table of shapes, with each pattern of roles: every third, or all with CERTIFY=all in the environment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest
from coq_cases import assert_certified, batches
from shapes import SHAPES

import lossproof as lp

pytestmark = pytest.mark.usefixtures("with_coq")


@pytest.mark.parametrize("shapes", batches(SHAPES if os.environ.get("CERTIFY") == "all" else SHAPES[::3], 27), ids=lambda shapes: shapes[0].text)
def test_shapes(shapes: Sequence[Any]) -> None:
    assert_certified([s.text for s in shapes], [lp.derive(s.text, **s.options).to_dict() for s in shapes])
