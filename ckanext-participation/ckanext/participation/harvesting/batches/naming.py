"""Names of new datasets: the ones that ckanext-harvest would give one by one, for many at once."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

import sqlalchemy as sa
from ckan import model
from ckan.model.package import PACKAGE_NAME_MAX_LENGTH as LONGEST

MOST = 999
# Most names are free, most others are so at one of the first numbers; asked for in this order, each time with one statement.
_STEPS = (1, 21, MOST + 1)


def candidates(name: str) -> Iterator[str]:
    """The name itself, then with 1 to 999 at its end, never longer than CKAN takes."""
    yield name[:LONGEST]
    for number in range(1, MOST + 1):
        yield f"{name[: LONGEST - len(str(number))]}{number}"


def choose(wanted: Sequence[str], taken: Collection[str], most: int = MOST + 1) -> list[str | None]:
    """A name for each wanted one, in their order, none twice; None where the first `most` candidates are taken."""
    gone = set(taken)
    chosen: list[str | None] = []
    for name in wanted:
        free = next((one for one in islice(candidates(name), most) if one not in gone), None)
        if free is not None:
            gone.add(free)
        chosen.append(free)
    return chosen


def reserve(wanted: Sequence[str], besides: Collection[str] = ()) -> list[str]:
    """A free name for each wanted one; `besides` are taken although the database does not say so yet."""
    chosen: list[str | None] = []
    for most in _STEPS:
        asked = {one for name in set(wanted) for one in islice(candidates(name), most)}
        chosen = choose(wanted, taken(asked) | set(besides), most)
        if None not in chosen:
            break
    return [name or f"{wish[:80]}-{uuid.uuid4().hex[:8]}" for name, wish in zip(chosen, wanted, strict=True)]


def taken(names: Collection[str]) -> set[str]:
    """Those of the names that a dataset has, also a deleted one: the database lets no two have the same."""
    if not names:
        return set()
    found = model.Session.execute(sa.text("SELECT name FROM package WHERE name = ANY(:names)"), {"names": list(names)})
    return {row.name for row in found}
