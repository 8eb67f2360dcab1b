from __future__ import annotations

from pathlib import Path

import pytest

from ckanext.participation.licences.register import Register, load_register

LICENCES = Path(__file__).parents[2] / "licences"


@pytest.fixture(scope="session")
def register() -> Register:
    return load_register(LICENCES)
