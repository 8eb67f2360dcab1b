"""What the search index gets of a dataset's licence: two fields for facets, from the register."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from . import box, rules
from .register import bundled_register

_NOTHING: Final[Mapping[str, str]] = {}


def index_fields(dataset: dict[str, Any], extra: Mapping[str, str] = _NOTHING) -> dict[str, str]:
    """`participation_licence` (a register id, `notspecified` or `unrecognised`) and `participation_openness`.

    :param dataset: the dataset's dictionary, as `package_show` gives it or as it goes to the index
    :param extra: more names of licences, as `recognition.recognise` takes them
    """
    found = box.of_dataset(bundled_register(), dataset, extra)
    return {
        "participation_licence": box.index_value(found),
        "participation_openness": rules.openness(found.licence),
    }
