"""What one request has asked already: answers are kept until the request ends or writes something.

An answer that depends on the reader has the reader in its key. Nothing is kept outside of a request (commands, jobs), nor
for requests that may change something.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from ckan import model
from flask import has_request_context, request
from sqlalchemy import event

Answer = TypeVar("Answer")
_NAME = "participation.memo"


def once(key: Hashable, ask: Callable[[], Answer]) -> Answer:
    """Return what `ask` gives, asked at most once for `key` in this request; errors are not kept."""
    if not keeps():
        return ask()
    # Not on `g`: where one application context serves several requests, so does `g`.
    answers: dict[Hashable, Any] = request.environ.setdefault(_NAME, {})
    if key not in answers:
        answers[key] = ask()
    return answers[key]


def keeps() -> bool:
    """Say whether answers are kept: while a page is read."""
    return has_request_context() and request.method in {"GET", "HEAD"}


def _forget(*_about: Any) -> None:
    if has_request_context():
        request.environ.pop(_NAME, None)


# A request that writes after all (an account's last visit, a test) must see what it wrote.
for _moment in ("after_flush", "after_commit", "after_rollback"):
    event.listen(model.Session, _moment, _forget)
