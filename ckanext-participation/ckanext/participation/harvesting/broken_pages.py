"""Pages of DCAT that break off or are broken in places: what of them is read, and what the report says. Knows no CKAN."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ckanext.participation.harvesting import feeds, mending, salvage, sentences
from ckanext.participation.harvesting.feeds import Feed

MOST_NAMED: Final = 20
_IN_STATEMENTS: Final = frozenset({feeds.TURTLE, feeds.TRIG, feeds.N_TRIPLES, feeds.N_QUADS})
_WITH_PREFIXES: Final = frozenset({feeds.TURTLE, feeds.TRIG})


class Losses:
    """What was lost on the pages of one reading."""

    def __init__(self) -> None:
        self._statements: list[str] = []
        self._records: list[str] = []
        self._cut: list[int] = []

    def note(self, feed: Feed, page: int) -> None:
        """Note what of a page was not read."""
        if feed.lost is None:
            return
        (self._statements if feed.kind in _IN_STATEMENTS else self._records).extend(feed.lost.beginnings)
        if feed.lost.ends_early:
            self._cut.append(page)

    def sentences(self) -> list[str]:
        """What the report says of it; nothing where all was read."""
        said = [sentences.PAGE_CUT(page=page) for page in self._cut]
        for broken, sentence in ((self._statements, sentences.STATEMENTS_BROKEN), (self._records, sentences.RECORDS_BROKEN)):
            if broken:
                said.append(sentence(number=len(broken), names=named(broken)))
        return said


def named(beginnings: list[str]) -> str:
    """The first of what is broken, for a sentence."""
    return (", ".join(beginnings[:MOST_NAMED]) + ("…" if len(beginnings) > MOST_NAMED else ""))[:2000]


def cut(feed: Feed) -> Feed:
    """The same page, of which it is known that it breaks off."""
    return replace(feed, lost=replace(feed.lost or salvage.Lost(), ends_early=True))


def well_formed(feed: Feed) -> Feed:
    """The same page; RDF/XML that is not well-formed without what is not whole."""
    saved = salvage.xml(feed.text) if feed.kind == feeds.XML and feed.lost is None else None
    return feed if saved is None else replace(feed, text=saved[0], lost=saved[1])


def readable(feed: Feed, reads: Callable[[Feed], bool]) -> Feed | None:
    """What of a page whose statements are broken can be read; None when that is nothing.

    :param reads: whether a parser takes a page
    """
    if feed.kind not in _IN_STATEMENTS:
        return None
    # What is in graphs is read as if there were none.
    kind = feeds.TURTLE if feed.kind == feeds.TRIG else feed.kind
    text, lost = mending.readable(feed.text, lambda text: reads(Feed(kind, text)), prefixes=kind in _WITH_PREFIXES)
    return Feed(kind, text, following=feed.following, lost=lost) if text else None


def abouts(feed: Feed) -> frozenset[str] | None:
    """The terms of which more may have been said on a page than was read; None where nothing can be missing of a record that is there."""
    if feed.lost is None or (feed.kind in _IN_STATEMENTS and not feed.lost.ends_early):
        return None
    return frozenset(one if one.startswith("_:") else f"<{one}>" for one in feed.lost.abouts)
