"""What kind of change it is when data that were under one licence come under another one.

Drawn from the permissions, duties and prohibitions of the register's licences, never from a table of pairs. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ckanext.participation.licences.box import NOT_SPECIFIED, UNRECOGNISED
from ckanext.participation.licences.folding import text_key
from ckanext.participation.licences.register.licence import Licence

Kind = Literal["stated", "same", "widened", "narrowed", "mixed", "dropped", "unclear"]
State = Literal["open", "explained", "noted"]

KINDS: Final[tuple[Kind, ...]] = ("stated", "same", "widened", "narrowed", "mixed", "dropped", "unclear")
# These leave somebody who relied on the data with less, or in doubt: the organisation is asked to say why.
TO_EXPLAIN: Final[frozenset[Kind]] = frozenset({"narrowed", "mixed", "dropped", "unclear"})

# What decides whether a use that was allowed still is. The other terms (how to give credit, what the licence leaves out) only tip the
# scales where none of these differs: CC BY-NC is narrower than an Open Government Licence, although it says nothing of crests.
WEIGHTY: Final = frozenset({"copy", "distribute", "adapt", "commercial-use", "combine", "share-alike", "no-commercial-use",
                            "no-derivatives", "all-rights-reserved"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """What data are under at one moment: `id` is a register id, `notspecified` or `unrecognised`; `words` are the publisher's own."""

    id: str
    licence: Licence | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Terms of the vocabulary (`licences/register/terms.py`) in the register's order: what the new licence takes away, and what it gives.

    Taken away: permissions that are gone. `asked`: new duties; `forbidden`: new prohibitions. Given: the same the other way round.
    """

    gone: tuple[str, ...]
    asked: tuple[str, ...]
    forbidden: tuple[str, ...]
    new: tuple[str, ...]
    no_longer_asked: tuple[str, ...]
    no_longer_forbidden: tuple[str, ...]

    @property
    def less(self) -> frozenset[str]:
        """What the reader may do less."""
        return frozenset({*self.gone, *self.asked, *self.forbidden})

    @property
    def more(self) -> frozenset[str]:
        """What the reader may do more."""
        return frozenset({*self.new, *self.no_longer_asked, *self.no_longer_forbidden})


def difference(before: Licence, after: Licence) -> Difference:
    """Compare what two licences state."""
    return Difference(
        gone=_without(before.permissions, after.permissions), asked=_without(after.duties, before.duties),
        forbidden=_without(after.prohibitions, before.prohibitions), new=_without(after.permissions, before.permissions),
        no_longer_asked=_without(before.duties, after.duties), no_longer_forbidden=_without(before.prohibitions, after.prohibitions),
    )  # fmt: skip


def _without(these: tuple[str, ...], those: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(term for term in these if term not in those)


def differ(before: Terms, after: Terms) -> bool:
    """Say whether the terms are others: another spelling of one licence, or of words that nobody recognises, is no change."""
    if before.id != after.id:
        return True
    return before.id == UNRECOGNISED and text_key(before.words) != text_key(after.words)


def kind(before: Terms, after: Terms) -> Kind:
    """Return the kind of a change: of terms that `differ`."""
    if after.id == NOT_SPECIFIED:
        return "dropped"
    if after.licence is None:
        return "unclear"
    if before.licence is None or before.id == NOT_SPECIFIED or not before.licence.states_terms:
        # Whatever was there before, nobody could read from it what is allowed.
        return "stated" if after.licence.states_terms or before.id == NOT_SPECIFIED else "unclear"
    if not after.licence.states_terms:
        return "unclear"
    found = difference(before.licence, after.licence)
    less, more = found.less & WEIGHTY, found.more & WEIGHTY
    if not less and not more:
        less, more = found.less, found.more
    if less and more:
        return "mixed"
    return "narrowed" if less else "widened" if more else "same"


def state_at_first(change: Kind) -> State:
    """Return whether the organisation is asked for a word about the change."""
    return "open" if change in TO_EXPLAIN else "noted"
