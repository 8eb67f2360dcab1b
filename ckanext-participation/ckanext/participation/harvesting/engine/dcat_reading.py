"""Reading a DCAT catalogue page by page: a page that is as it was is not parsed, and of a parsed one only what differs is handed on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.fetch import Reply
from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import sentences
from ckanext.participation.harvesting.engine import hashing
from ckanext.participation.harvesting.engine.gathering import Gathering, key_of
from ckanext.participation.harvesting.engine.model import HarvestPage
from ckanext.participation.harvesting.engine.problems import SourceProblem
from ckanext.participation.harvesting.engine.rules import Verdict

MAX_PAGES = 10_000


@dataclass
class Entry:
    """A record of a parsed page: its identifier, a hash of what it says, and how its content is made when it is wanted.

    `problem` says why it can't be read: it is there all the same, and so its dataset stays.
    """

    guid: str
    content_hash: str
    content: Callable[[], Any] | None = None
    problem: str = ""


@dataclass
class Page:
    """What a page holds, and the address of the next one or ""."""

    entries: list[Entry]
    following: str = ""


class DCATReading:
    """One reading of one catalogue. `parse` reads a page, of which it is told the number, from an answer."""

    def __init__(self, gathering: Gathering, address: str, accept: str, parse: Callable[[Reply, int], Page]) -> None:
        self.gathering = gathering
        self.address = address
        self.accept = accept
        self.parse = parse
        self.marks = {row.number: row for row in _marks(gathering.source_id)}
        # From time to time a page is read although its server says that it is the same.
        self.known_pages = not gathering.by_content

    def read(self) -> None:
        """Read every page; one seen before ends the reading."""
        address = self.address
        asked: set[str] = set()
        bodies: set[str] = set()
        while address:
            if address in asked:
                raise SourceProblem(N_("The catalogue's pages go round in a circle; each page was read once."))
            if len(asked) >= MAX_PAGES:
                raise SourceProblem(sentences.MANY_PAGES(number=MAX_PAGES))
            asked.add(address)
            address, body = self._page(len(asked), address)
            if body in bodies:
                raise SourceProblem(N_("The catalogue gives the same page under several addresses; it was read once."))
            bodies.add(body)

    def _page(self, number: int, address: str) -> tuple[str, str]:
        """Read one page; the address of the next, and a hash of this one."""
        mark = self._usable(number, address)
        conditional = (mark.etag, mark.last_modified) if mark and (mark.etag or mark.last_modified) else None
        reply = self.gathering.asker.get(address, accept=self.accept, conditional=conditional)
        if mark and conditional and reply.not_modified:
            body = mark.content_hash
        elif not reply.ok:
            raise SourceProblem(sentences.PAGE_ANSWERED_ERROR(page=number, status=reply.status))
        else:
            body = hashlib.sha256(reply.content).hexdigest()
        if mark and body == mark.content_hash:
            self.gathering.see_page(number)
            following = mark.next_url
        else:
            page = self.parse(reply, number)
            self.gathering.leave_pages()
            following = page.following
            for entry in page.entries:
                self._judge(entry, number)
        self.gathering.pages.append(
            {
                "number": number,
                "url": address,
                "etag": reply.etag or (mark.etag if mark and reply.not_modified else ""),
                "last_modified": reply.last_modified or (mark.last_modified if mark and reply.not_modified else ""),
                "content_hash": body,
                "next_url": following,
            }
        )
        return following, body

    def _usable(self, number: int, address: str) -> HarvestPage | None:
        """The page as it was last read, if all its records are as it said and nothing is left to do about them."""
        mark = self.marks.get(number)
        usable = mark is not None and mark.url == address and self.known_pages and self.gathering.known.settled(number)
        return mark if usable else None

    def _judge(self, entry: Entry, number: int) -> None:
        guid = key_of(entry.guid, f"{self.address}#{number}")
        verdict = self.gathering.see(guid, content=entry.content_hash, page=number)
        if verdict not in {Verdict.NEW, Verdict.CHANGED, Verdict.RETRY}:
            return
        if entry.problem or entry.content is None:
            self.gathering.missing(guid, entry.problem)
            self.gathering.say(f"{guid[:200]}: {entry.problem}")
        else:
            self.gathering.take(guid, entry.content(), verdict, hashing.Fingerprint("", entry.content_hash), number)


def data_json_page(document: Mapping[str, Any], address: str, guid_of: Callable[[Mapping[str, Any]], str]) -> Page:
    """The records of a `data.json`."""
    entries = []
    for number, row in enumerate(document["dataset"], 1):
        guid = guid_of(row) if isinstance(row, Mapping) else ""
        entries.append(Entry(guid or f"{address}#{number}", hashing.fingerprint(row).content, lambda row=row: row))
    return Page(entries)


def _marks(source_id: str) -> list[HarvestPage]:
    return list(model.Session.scalars(sa.select(HarvestPage).where(HarvestPage.source_id == source_id)))
