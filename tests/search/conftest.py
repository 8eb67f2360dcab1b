"""Pure tests of room search: no service runs."""

from __future__ import annotations

import sys
from pathlib import Path

EXTENSION = Path(__file__).resolve().parents[2] / "ckanext-participation"
if str(EXTENSION) not in sys.path:
    sys.path.append(str(EXTENSION))
