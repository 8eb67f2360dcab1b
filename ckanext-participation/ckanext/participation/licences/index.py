"""What the search index gets of a dataset's licence: two fields for facets, from the register."""

from __future__ import annotations

from typing import Any

from . import box, rules
from .register import bundled_register


def index_fields(dataset: dict[str, Any]) -> dict[str, str]:
    """`participation_licence` (a register id, `notspecified` or `unrecognised`) and `participation_openness`.

    :param dataset: the dataset's dictionary, as `package_show` gives it or as it goes to the index
    """
    found = box.of_dataset(bundled_register(), dataset)
    return {
        "participation_licence": box.index_value(found),
        "participation_openness": rules.openness(found.licence),
    }
