"""How open one dataset is and why, from the dictionary that its page has at hand: the database is not asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ckanext.participation.licences import box, further, rules
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.quality import formats
from ckanext.participation.quality.rules import stars_of, with_files

Reason = Literal["no-licence", "unknown-licence", "not-open", "no-file", "reading", "owned", "free", "linked"]

_OPEN = {"open": True, "not-open": False, "unknown": None}
_BY_STARS: dict[int, Reason] = {1: "reading", 2: "owned", 3: "free", 4: "linked"}


@dataclass(frozen=True, slots=True)
class Opening:
    """`stars` of the five-star scale, None where nobody can tell; the `reason`; `formats` that earn them, none for one star or none."""

    stars: int | None
    reason: Reason
    formats: tuple[str, ...] = ()


def of(dataset: Mapping[str, Any]) -> Opening:
    """Judge a dataset as `package_show` gives it, by the same rules as the to-do list of its organisation."""
    files = [file for file in dataset.get("resources") or [] if file.get("url") or file.get("url_type") == "upload"]
    register, names = bundled_register(), further.names()
    state, is_open = with_files(state_of(box.of_dataset(register, dict(dataset), names)),
                                lambda: [state_of(box.of_file(register, file, names)) for file in files])
    named = tuple(str(file.get("format") or "") for file in files)
    stars = stars_of(state, is_open, named)
    if is_open is not True:
        return Opening(stars, "not-open" if is_open is False else "no-licence" if state == "not-specified" else "unknown-licence")
    if not stars:
        return Opening(stars, "no-file")
    best = dict.fromkeys(name.strip().upper() for name in named if formats.stars(name) == stars) if stars > 1 else {}
    return Opening(stars, _BY_STARS[stars], tuple(best))


def state_of(found: box.Found | None) -> tuple[str, bool | None]:
    """Return the state of a licence as its box shows it, and whether it is open; an empty text for none."""
    return (found.state, _OPEN[rules.openness(found.licence)]) if found else ("", None)
