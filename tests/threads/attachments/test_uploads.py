"""Pictures in messages: uploading, posting, taking them back; what is refused, and how it is named."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from threads.attachments.conftest import file, files, png, request

from ckanext.participation.assemble import command_group
from ckanext.participation.common import images
from ckanext.participation.common.errors import LimitExceeded
from ckanext.participation.common.model import Attachment, Event, now
from ckanext.participation.threads.model import Comment

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context", "storage")

Make = Callable[..., Any]


def events() -> list[str]:
    return list(model.Session.scalars(sa.select(Event.type).where(Event.target_type == "attachment").order_by(Event.id)))


def test_an_upload_is_stored_with_its_event(person: Make, upload: Make, storage: Path) -> None:
    picture = upload(person(), alt="  Une boîte\u202e rouge ")
    assert (picture["width"], picture["height"], picture["alt"]) == (60, 40, "Une boîte rouge")
    assert re.fullmatch(r"[0-9a-f]{32}", picture["id"])
    assert picture["url"] == f"/participation/picture/{picture['id']}.webp"
    assert picture["thumb_url"] == f"/participation/picture/thumb/{picture['id']}.webp"
    row = model.Session.get(Attachment, picture["id"])
    assert row is not None
    assert (row.thread_id, row.seq, row.media_type) == (None, None, "image/webp")
    assert events() == ["attachment.created"]
    assert files(storage) == sorted([f"{picture['id']}.webp", f"{picture['id']}.thumb.webp"])


@pytest.mark.parametrize("name", ["../../../etc/passwd", "shell.php.png", "x.png\x00.php", "a" * 5000 + ".png", "con.svg", "<script>.png", "é\n.png", "C:\\x.exe"])
def test_a_files_name_is_never_used(person: Make, upload: Make, storage: Path, name: str) -> None:
    picture = upload(person(), name=name, media_type="image/svg+xml")
    assert files(storage) == sorted([f"{picture['id']}.webp", f"{picture['id']}.thumb.webp"])
    assert all(path.is_relative_to(storage / "participation" / "images") for path in storage.rglob("*.webp"))


@pytest.mark.parametrize(("fields", "named"), [
    ({"alt": "x"}, {"upload"}), ({"upload": "photo.png", "alt": "x"}, {"upload"}), ({"upload": {"filename": "x"}, "alt": "x"}, {"upload"}),
    ({"upload": file(b""), "alt": "x"}, {"upload"}), ({"upload": file(b"<svg/>", "a.png"), "alt": "x"}, {"upload"}),
    ({"upload": file()}, {"alt"}), ({"upload": file(), "alt": "  \u200b "}, {"alt"}), ({"upload": file(), "alt": "é" * 151}, {"alt"}),
    ({"upload": file(), "alt": ["x"]}, {"alt"}), ({"upload": file(), "alt": "\ud800"}, {"alt"}), ({}, {"upload", "alt"}),
], ids=range(11))
def test_what_is_missing_or_wrong_is_named(person: Make, as_user: Make, storage: Path, fields: dict[str, Any], named: set[str]) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        as_user(person(), "participation_attachment_create", **fields)
    assert set(refusal.value.error_dict) == named
    assert events() == []
    assert files(storage) == []


def test_who_is_not_signed_in_uploads_nothing(upload: Make, storage: Path) -> None:
    with pytest.raises(tk.NotAuthorized):
        upload(None)
    assert files(storage) == []


def test_a_damaged_picture_is_refused_and_counted(person: Make, upload: Make, storage: Path) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        upload(person(), png((300, 300))[:-30])
    assert "damaged" in refusal.value.error_dict["upload"][0]
    assert events() == ["attachment.refused"]
    assert files(storage) == []


def test_a_picture_that_cannot_be_stored_is_refused_by_name(person: Make, upload: Make, storage: Path) -> None:
    (storage / "participation").write_text("a file where the folder should be")
    with pytest.raises(tk.ValidationError) as refusal:
        upload(person())
    assert "cannot store" in refusal.value.error_dict["upload"][0]
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Attachment)) == 0
    assert events() == []


def test_a_site_without_a_folder_for_uploads_says_so(person: Make, upload: Make, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", "")
    with pytest.raises(tk.ValidationError) as refusal:
        upload(person())
    assert "stores no pictures" in refusal.value.error_dict["upload"][0]


def test_who_uploads_too_many_in_an_hour_waits(person: Make, upload: Make, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ckan_config, "participation.images.per_hour", 2)
    user = person()
    upload(user)
    with pytest.raises(tk.ValidationError):
        upload(user, png((300, 300))[:-30])
    with pytest.raises(LimitExceeded) as refusal:
        upload(user)
    assert 3000 < refusal.value.seconds <= 3601
    upload(person())


def test_one_person_has_one_picture_read_at_a_time(person: Make, upload: Make, app: Any) -> None:
    user, large = person(), png((6000, 6000))
    upload(user)

    def send(_number: int) -> str:
        with app.flask_app.test_request_context():
            try:
                tk.get_action("participation_attachment_create")({"user": user["name"]}, {"upload": file(large), "alt": "x"})
                return "taken"
            except LimitExceeded:
                return "busy"
            finally:
                model.Session.remove()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == ["busy", "busy", "busy", "taken"]
    assert events() == ["attachment.created"] * 2


def test_a_message_takes_its_pictures_in_their_order(person: Make, dataset: Make, upload: Make, ask: Make) -> None:
    user = person()
    second, first = upload(user, alt="Two"), upload(user, alt="One")
    thread = ask(user, dataset(), attachments=[first["id"], second["id"]])
    comment = model.Session.get(Comment, (thread["id"], 1))
    assert comment is not None
    assert comment.attachments == [{"id": first["id"], "width": 60, "height": 40, "alt": "One"}, {"id": second["id"], "width": 60, "height": 40, "alt": "Two"}]
    assert {(row.thread_id, row.seq) for row in model.Session.scalars(sa.select(Attachment))} == {(thread["id"], 1)}


def test_only_ones_own_loose_pictures_can_be_posted(person: Make, dataset: Make, upload: Make, ask: Make) -> None:
    user, other, about = person(), person(), dataset()
    own, foreign, posted = upload(user)["id"], upload(other)["id"], upload(user)["id"]
    ask(user, about, attachments=[posted])
    for ids in ([foreign], [own, foreign], [posted], ["0" * 32], ["../../x"], [own] + ["1" * 32] * 3, [f"{number}" * 32 for number in range(5)]):
        with pytest.raises(tk.ValidationError) as refusal:
            ask(user, about, attachments=ids)
        assert set(refusal.value.error_dict) == {"attachments"}
        model.Session.rollback()
    row = model.Session.get(Attachment, own, populate_existing=True)
    assert row is not None
    assert row.thread_id is None
    ask(user, about, attachments=[own])


def test_a_picture_goes_to_one_message_when_two_ask_for_it_at_once(person: Make, dataset: Make, upload: Make, ask: Make, app: Any) -> None:
    user = person()
    thread, picture = ask(user, dataset()), upload(user)

    def post(number: int) -> str:
        with app.flask_app.test_request_context():
            try:
                tk.get_action("participation_comment_create")(
                    {"user": user["name"]}, {"thread_id": thread["id"], "body": f"Words {number}.", "attachments": [picture["id"]]})
                return "posted"
            except tk.ValidationError as error:
                return ",".join(error.error_dict)
            finally:
                model.Session.remove()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(post, range(4))) == ["attachments", "attachments", "attachments", "posted"]


def test_ones_own_loose_picture_can_be_taken_back(person: Make, upload: Make, as_user: Make, storage: Path) -> None:
    user, other = person(), person()
    picture = upload(user)
    for who in (other, person(sysadmin=True)):
        with pytest.raises(tk.ObjectNotFound):
            as_user(who, "participation_attachment_delete", id=picture["id"])
    as_user(user, "participation_attachment_delete", id=picture["id"])
    assert files(storage) == []
    assert events() == ["attachment.created", "attachment.deleted"]
    with pytest.raises(tk.ObjectNotFound):
        as_user(user, "participation_attachment_delete", id=picture["id"])


def test_a_posted_picture_cannot_be_taken_back(person: Make, dataset: Make, upload: Make, ask: Make, as_user: Make, status: Make) -> None:
    user = person()
    picture = upload(user)
    ask(user, dataset(), attachments=[picture["id"]])
    with pytest.raises(tk.ObjectNotFound):
        as_user(user, "participation_attachment_delete", id=picture["id"])
    assert status(picture["url"]) == 200


def test_the_sending_process_removes_pictures_that_were_not_posted(person: Make, upload: Make, storage: Path, cli: Any) -> None:
    upload(person())
    model.Session.execute(sa.update(Attachment).values(created=now() - timedelta(hours=25)))
    model.Session.commit()
    assert cli.invoke(command_group, ["outbox", "run", "--once"]).exit_code == 0
    assert files(storage) == []


def test_a_swept_picture_cannot_be_posted(person: Make, dataset: Make, upload: Make, ask: Make) -> None:
    user = person()
    picture = upload(user)
    model.Session.execute(sa.update(Attachment).values(created=now() - timedelta(hours=25)))
    model.Session.commit()
    assert images.sweep()["loose"] == 1
    with pytest.raises(tk.ValidationError) as refusal:
        ask(user, dataset(), attachments=[picture["id"]])
    assert set(refusal.value.error_dict) == {"attachments"}


def test_the_api_takes_a_picture_as_multipart_form_data(person: Make, app: Any) -> None:
    answer = request(app.post, "/api/3/action/participation_attachment_create", person(),
                     data={"upload": (io.BytesIO(png()), "x.png"), "alt": "A box"}, content_type="multipart/form-data")
    assert answer.status_code == 200, answer.body
    assert answer.json["result"]["alt"] == "A box"


@pytest.mark.parametrize(("data", "code"), [(b"<svg onload=alert(1)>", 409), (b"%PDF-1.7", 409), (b"", 409), (b"\xff\xd8\xff" + bytes(6_000_000), 409)])
def test_the_api_names_the_field_of_a_bad_picture(person: Make, app: Any, data: bytes, code: int) -> None:
    answer = request(app.post, "/api/3/action/participation_attachment_create", person(),
                     data={"upload": (io.BytesIO(data), "x.png"), "alt": "A box"}, content_type="multipart/form-data")
    assert answer.status_code == code
    assert "upload" in answer.json["error"]
