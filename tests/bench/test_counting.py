"""What the benchmark's server counts: a request's statements, on wish, and whose they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from bench import counting
from bench.counting import tally


def answer(application: Callable[..., Iterable[bytes]], **environ: str) -> dict[str, str]:
    heard: dict[str, str] = {}
    body = application({"REQUEST_METHOD": "GET", "PATH_INFO": "/", **environ}, lambda _status, headers: heard.update(headers))
    assert list(body) == [b"ok"]
    return heard


def page(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    if tally.on:
        tally.statements += [("SELECT * FROM participation_comment c", True), ("SELECT 1 FROM participation_comment_version", True),
                             ('SELECT * FROM "user"', False)]
        tally.solr += 1
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


def test_a_request_that_does_not_ask_is_not_counted() -> None:
    assert counting.ANSWER not in answer(counting.counted(page))


def test_a_request_that_asks_is_told_its_statements() -> None:
    told = json.loads(answer(counting.counted(page), HTTP_X_BENCH_COUNT="1")[counting.ANSWER])
    assert told == {"sql": 3, "solr": 1, "threads": 2, "comments": 1, "ours": 2}


def test_a_request_does_not_inherit_the_statements_of_the_one_before() -> None:
    application = counting.counted(page)
    first, second = (json.loads(answer(application, HTTP_X_BENCH_COUNT="1")[counting.ANSWER]) for _ in range(2))
    assert first == second


def test_statements_of_a_room_are_known_by_the_call_stack() -> None:
    assert counting.called_from(__name__)
    assert not counting.called_from("ckanext.participation.threads")
