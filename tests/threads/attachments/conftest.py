"""Pictures to upload, messages to put them in, and requests for them as somebody."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import flask_login
import pytest
from ckan import model
from PIL import Image
from werkzeug.datastructures import FileStorage, MultiDict

from ckanext.participation.threads import attachments

Make = Callable[..., Any]


@pytest.fixture
def storage(tmp_path: Path, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    return tmp_path


def png(size: tuple[int, int] = (60, 40), colour: str = "red") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "PNG")
    return target.getvalue()


def file(data: bytes | None = None, name: str = "photo.png", media_type: str = "image/png") -> FileStorage:
    return FileStorage(io.BytesIO(png() if data is None else data), filename=name, content_type=media_type)


@pytest.fixture
def upload(as_user: Make) -> Make:
    """Upload a picture as somebody: `upload(user)["id"]`."""

    def make(user: dict[str, Any], data: bytes | None = None, alt: str = "A red box", **how: Any) -> dict[str, Any]:
        return as_user(user, "participation_attachment_create", upload=file(data, **how), alt=alt)

    return make


@pytest.fixture
def ask(as_user: Make) -> Make:
    """Start a thread as somebody: `ask(user, dataset, attachments=[…])`."""

    def make(user: dict[str, Any], about: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return as_user(user, "participation_thread_create", **{"subject_id": about["id"], "title": "Why?", "body": "Words.", **fields})

    return make


@pytest.fixture
def status(app: Any) -> Make:
    """Ask for an address as somebody, and give the answer's status."""

    def call(address: str, user: dict[str, Any] | None = None) -> int:
        return request(app.get, address, user).status_code

    return call


def request(method: Make, address: str, user: dict[str, Any] | None = None, **how: Any) -> Any:
    """Send a request as somebody. The test's own context would lend the request its reader."""
    flask.g.pop("_login_user", None)
    answer = method(address, headers={"Authorization": user["token"]} if user else {}, **how)
    flask.g.pop("_login_user", None)
    return answer


def files(storage: Path) -> list[str]:
    return sorted(path.name for path in storage.rglob("*") if path.is_file())


@pytest.fixture
def form(app: Any, person: Make) -> Make:
    """Read a form as somebody who is signed in: `form(files, **fields)` gives what the view gets."""
    user = model.User.get(person()["name"])

    def read(sent: list[tuple[bytes, str]] = (), remove: tuple[str, ...] = (), kept: tuple[str, ...] = ()) -> attachments.FormPictures:
        with app.flask_app.test_request_context():
            flask_login.login_user(user)
            flask.g.user = user.name
            return attachments.from_form(
                MultiDict([("pictures", file(data, "p.png" if data else "")) for data, _ in sent]),
                MultiDict([("alt", alt) for _, alt in sent] + [("attachments", one) for one in kept] + [("remove_attachments", one) for one in remove]))

    return read
