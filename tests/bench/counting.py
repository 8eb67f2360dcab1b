"""Counts what one request asks of the database and of Solr: only in a benchmark's server (`app.py`), only on wish.

A request with the header `X-Bench-Count` is answered with the header `X-Bench-Counted`, JSON: `sql` all statements, `solr` requests
to Solr, `threads` the statements that the threads' room sent (found on the call stack), `comments` those that read the messages'
table, `ours` those that name a table of ours. BEGIN and COMMIT are the driver's and are not counted.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

WISH = "HTTP_X_BENCH_COUNT"
ANSWER = "X-Bench-Counted"
ROOM = "ckanext.participation.threads"
COMMENTS = re.compile(r"\bparticipation_comment\b")
OURS = re.compile(r"\bparticipation_\w+")


class Tally(threading.local):
    """What the request of this thread has asked so far; nothing is kept while `on` is False."""

    on = False
    solr = 0

    def __init__(self) -> None:
        """Begin with nothing: each thread has its own."""
        self.statements: list[tuple[str, bool]] = []

    def start(self, *, wanted: bool) -> None:
        """Forget the request before."""
        self.on, self.solr, self.statements = wanted, 0, []

    def counted(self) -> dict[str, int]:
        """Return the numbers of the request."""
        texts = [text for text, _ in self.statements]
        return {"sql": len(texts), "solr": self.solr, "threads": sum(inside for _, inside in self.statements),
                "comments": sum(bool(COMMENTS.search(text)) for text in texts),
                "ours": sum(bool(OURS.search(text)) for text in texts)}


tally = Tally()


def wrap(application: Callable[..., Any]) -> Callable[..., Any]:
    """Return the application with counting. The listeners cost a comparison when nobody asked."""
    import requests
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "before_cursor_execute")
    def _statement(_connection: Any, _cursor: Any, text: str, *_more: Any) -> None:
        if tally.on:
            tally.statements.append((text, called_from(ROOM)))

    send = requests.Session.request

    def _request(self: Any, method: str, url: str, *words: Any, **more: Any) -> Any:
        if tally.on and "/solr/" in str(url):
            tally.solr += 1
        return send(self, method, url, *words, **more)

    requests.Session.request = _request  # type: ignore[method-assign]
    return counted(application)


def counted(application: Callable[..., Any]) -> Callable[..., Any]:
    """Return the application that tells a request that asks for it what was tallied meanwhile."""

    def counting(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        wanted = WISH in environ
        tally.start(wanted=wanted)

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if wanted:
                headers = [*headers, (ANSWER, json.dumps(tally.counted()))]
                _keep(environ)
            return start_response(status, headers, *more)

        return application(environ, started)

    return counting


def called_from(room: str) -> bool:
    """Say whether a module of `room` is on the call stack."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name == room or name.startswith(room + "."):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _keep(environ: dict[str, Any]) -> None:
    """Write the statements to the file BENCH_STATEMENTS names, to see which ones a page sends."""
    path = os.environ.get("BENCH_STATEMENTS")
    if path:
        lines = [f"{'thread' if inside else 'page  '} {' '.join(text.split())}" for text, inside in tally.statements]
        with Path(path).open("a", encoding="utf-8") as file:
            file.write("\n".join([f"## {environ['REQUEST_METHOD']} {environ['PATH_INFO']}", *lines, ""]) + "\n")
