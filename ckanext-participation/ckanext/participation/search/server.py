"""The search server's core for what people say: every request to it of this extension passes here."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pysolr

from ckanext.participation import config

log = logging.getLogger(__name__)

CHUNK = 500
SECONDS_TO_ASK = 5
SECONDS_TO_SEND = 30


class SearchAway(RuntimeError):
    """The search server does not answer, or there is none for conversations; the message carries no address."""


class RefusedRequest(SearchAway):
    """The search server answered that it can't take this."""


def is_set_up() -> bool:
    """Say whether there is a core for conversations."""
    return bool(config.solr_url())


def site_id() -> str:
    """Return the name under which this site's documents are kept."""
    return str(tk.config["ckan.site_id"])


def phrase(text: str) -> str:
    """Return a text as one word of a filter."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def ask(q: str, **params: Any) -> Any:
    """Return what the core finds among this site's documents. Raises SearchAway."""
    fq = [f"site_id:{phrase(site_id())}", *params.pop("fq", [])]
    return _call(lambda: _core(SECONDS_TO_ASK).search(q, search_handler="select", fq=fq, **params))


def everything(**params: Any) -> Iterator[dict[str, Any]]:
    """Yield all documents of this site that match, in the order of their keys, a page at a time. Raises SearchAway."""
    mark = "*"
    while True:
        page = ask("*:*", sort="index_id asc", rows=CHUNK, cursorMark=mark, **params)
        yield from page.docs
        if not page.docs or page.nextCursorMark == mark:
            return
        mark = page.nextCursorMark


def send(documents: list[dict[str, Any]], *, gone: Iterable[str] = (), entries_gone: Iterable[str] = (),
         everything_gone: bool = False) -> None:
    """Take documents of this site out, by their keys, by their entries or all, then put others in. Raises SearchAway.

    Shown soon after, at the server's own next commit. One that the server refuses is left out and logged: the others can't wait for it.
    """
    core = _core(SECONDS_TO_SEND)
    if everything_gone:
        _call(lambda: core.delete(q=f"site_id:{phrase(site_id())}", commit=False))
    for keys in chunks(list(gone)):
        _call(lambda keys=keys: core.delete(id=keys, commit=False))
    for entries in chunks(list(entries_gone)):
        names = " OR ".join(phrase(entry) for entry in entries)
        _call(lambda names=names: core.delete(q=f"+site_id:{phrase(site_id())} +entry:({names})", commit=False))
    for chunk in chunks(documents):
        try:
            _call(lambda chunk=chunk: core.add(chunk, commit=False))
        except RefusedRequest:
            for document in chunk:
                _send_alone(core, document)


def commit() -> None:
    """Let what was sent be found at once. Raises SearchAway."""
    _call(lambda: _core(SECONDS_TO_SEND).commit(softCommit=True))


def _send_alone(core: pysolr.Solr, document: dict[str, Any]) -> None:
    try:
        _call(lambda: core.add([document], commit=False))
    except RefusedRequest:
        log.exception("The search does not take the message %s", document["id"])


def _core(seconds: int) -> pysolr.Solr:
    if not is_set_up():
        raise SearchAway("participation.search.solr_url is not set")
    return pysolr.Solr(config.solr_url(), timeout=seconds)


def _call(what: Any) -> Any:
    # Its own log has the address, with the password that may be in it.
    logging.getLogger("pysolr").setLevel(logging.CRITICAL)
    try:
        return what()
    except pysolr.SolrError as error:
        refused = "(HTTP 400)" in str(error)
        words = str(error).partition("[Reason:")[2]
        if refused:
            raise RefusedRequest(f"The search server refused a request:{words}") from None
        raise SearchAway("The search server does not answer") from None


def chunks(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start:start + CHUNK]
