"""Names of new datasets: the ones that ckanext-harvest would give one by one, for many at once.

Where more than twenty datasets have a name already, a number that was given up is not looked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

import sqlalchemy as sa
from ckan import model
from ckan.model.package import PACKAGE_NAME_MAX_LENGTH as LONGEST

MOST = 999
# Most names are free, most others are so at one of the first numbers; asked for in this order, each time with one statement.
_STEPS = (1, 21)


def candidates(name: str, after: int = 0) -> Iterator[str]:
    """The name itself, then with 1 to 999 at its end, never longer than CKAN takes; without the first `after` of them."""
    for number in range(after, MOST + 1):
        yield _candidate(name, number)


def _candidate(name: str, number: int) -> str:
    return f"{name[: LONGEST - len(str(number))]}{number}" if number else name[:LONGEST]


def choose(wanted: Sequence[str], taken: Collection[str], most: int = MOST + 1, after: Mapping[str, int] | None = None) -> list[str | None]:
    """A name for each wanted one, in their order, none twice; None where the first `most` candidates (`after` so many) are taken."""
    gone = set(taken)
    chosen: list[str | None] = []
    for name in wanted:
        free = next((one for one in islice(candidates(name, (after or {}).get(name, 0)), most) if one not in gone), None)
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
    else:
        after, most = _passed(set(wanted)), len(wanted) + len(besides) + _STEPS[-1]
        asked = {one for name in set(wanted) for one in islice(candidates(name, after[name]), most)}
        chosen = choose(wanted, taken(asked) | set(besides), most, after)
    return [name or f"{wish[:80]}-{uuid.uuid4().hex[:8]}" for name, wish in zip(chosen, wanted, strict=True)]


def _passed(names: Collection[str]) -> dict[str, int]:
    """How many candidates of each name need not be asked about: the last of them is taken, and so most likely are those before it.

    A source has thousands of datasets of one title, and asking about each number for each of them would cost more than writing them.
    """
    low, high = dict.fromkeys(names, -1), dict.fromkeys(names, MOST + 1)
    while open_ := [name for name in names if high[name] - low[name] > 1]:
        middle = {name: (low[name] + high[name]) // 2 for name in open_}
        there = taken({_candidate(name, number) for name, number in middle.items()})
        for name, number in middle.items():
            (low if _candidate(name, number) in there else high)[name] = number
    return {name: number + 1 for name, number in low.items()}


def taken(names: Collection[str]) -> set[str]:
    """Those of the names that a dataset has, also a deleted one: the database lets no two have the same."""
    if not names:
        return set()
    found = model.Session.execute(sa.text("SELECT name FROM package WHERE name = ANY(:names)"), {"names": list(names)})
    return {row.name for row in found}
