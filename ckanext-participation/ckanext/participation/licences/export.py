"""CKAN's own licence list, generated from the register (`licenses_group_url = file:///…/licences.json`).

`od_conformance` is `approved` for every licence that is open here, reviewed or by its terms: it is the only
field from which CKAN works out `isopen`, and the list must not contradict the licence box.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .register import Register, bundled_register
from .register.licence import Licence
from .rules import openness


def ckan_licences(register: Register) -> list[dict[str, Any]]:
    """The register in the fields of CKAN's licence list."""
    superseded = {other for licence in register for other in licence.supersedes}
    return [_ckan_licence(licence, licence.id in superseded) for licence in register]


def _ckan_licence(licence: Licence, superseded: bool) -> dict[str, Any]:
    software = licence.family == "software"
    conformance = {"open": "approved", "not-open": "rejected"}.get(openness(licence), "not reviewed")
    return {
        "id": licence.id,
        "title": licence.name("en"),
        "title_fr": licence.name("fr"),
        "url": licence.deed_url("en"),
        "status": "superseded" if superseded else "active",
        "family": licence.family,
        "maintainer": "",
        "is_generic": not licence.url,
        "domain_content": not software,
        "domain_data": not software,
        "domain_software": software,
        "od_conformance": conformance,
        "osd_conformance": "not reviewed",
    }


def write_licences(path: str | Path, register: Register | None = None) -> Path:
    """Write CKAN's licence list to a file, replacing it in one step so that no reader sees half of it."""
    target = Path(path)
    text = json.dumps(ckan_licences(register or bundled_register()), ensure_ascii=False, indent=1) + "\n"
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(target)
    return target
