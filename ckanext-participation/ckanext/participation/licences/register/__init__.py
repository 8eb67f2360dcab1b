"""The licence register: what every licence permits, asks and forbids, read from `licences/*.yaml` and checked together.

`terms` (vocabulary and its wording) · `licence` (one licence) · `document` and `reading` (one file) · `loading` (all files).
"""

from __future__ import annotations

from .loading import Register, RegisterError, as_dict, bundled_folder, bundled_register, load_register
from .reading import Problem

__all__ = ["Problem", "Register", "RegisterError", "as_dict", "bundled_folder", "bundled_register", "load_register"]
