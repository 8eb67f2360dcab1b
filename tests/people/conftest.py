"""What tests of accounts lean on: signing up, and the link of a mail, composed as the outbox composes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib.redis import connect_to_redis
from flask import has_request_context

from ckanext.participation.common import outbox
from ckanext.participation.common.model import Event, Outbox
from ckanext.participation.common.registry import registry

PASSWORD = "quatre mots sans lien"


@pytest.fixture(autouse=True)
def _nobody_has_tried_yet() -> None:
    redis = connect_to_redis()
    for key in redis.scan_iter("participation:*:attempts:*"):
        redis.delete(key)


@pytest.fixture
def in_request(make_app: Callable[..., Any]) -> Callable[[], AbstractContextManager[Any]]:
    """Give a request of its own to what needs one. A test of pages has none: its requests would share what Flask keeps for one."""
    return lambda: nullcontext() if has_request_context() else make_app().flask_app.test_request_context()


@pytest.fixture
def sign_up(as_user: Callable[..., Any], in_request: Callable[..., Any]) -> Callable[..., model.User]:
    """Sign up by the API: `sign_up("a@b.example", "Name")`; gives the account that waits."""

    def make(email: str = "claude@home.example", public_name: str = "Claude Tremblay", **fields: Any) -> model.User:
        with in_request():
            as_user(None, "participation_person_register", email=email, public_name=public_name, **{"password": PASSWORD, **fields})
        return model.Session.scalars(sa.select(model.User).where(model.User.email == email).order_by(model.User.created.desc())).first()

    return make


@pytest.fixture
def mails(in_request: Callable[..., Any]) -> Callable[..., list[dict[str, str]]]:
    """Give the mails that the outbox would send now, oldest event first: `{"event", "to", "subject", "body", "link"}`, the link
    being the English one; empties it."""

    def due() -> list[dict[str, str]]:
        rows = model.Session.scalars(sa.select(Outbox).where(Outbox.done_at.is_(None)).order_by(Outbox.id)).all()
        found = []
        for event in [model.Session.get(Event, row.event_id) for row in rows]:
            entry = registry.event_types[event.type]
            told = {"id": event.id, "type": event.type, "at": event.at.isoformat(), "target_id": event.target_id, "data": event.data}
            for recipient in entry.recipients(told):
                reached = entry.address({**told, "recipient": recipient}) if entry.address else outbox._account(recipient)
                if reached:
                    with in_request():
                        subject, body = outbox.compose(event, recipient)
                    links = re.findall(r"https?://\S+/participation/person/\w+/\S+", body)
                    found.append({"event": event.type, "to": reached[1], "subject": subject, "body": body,
                                  "link": links[-1] if links else ""})
        model.Session.execute(sa.update(Outbox).values(done_at=sa.func.now()))
        model.Session.commit()
        return found

    return due


@pytest.fixture
def token_of() -> Callable[[str], str]:
    """Give the token in a link."""
    return lambda link: link.split("?")[0].rsplit("/", 1)[1]
