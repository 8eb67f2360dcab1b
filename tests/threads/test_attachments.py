"""Pictures in messages: uploading, posting, who sees them, taking them back; by action, by API and by form."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import flask
import flask_login
import pytest
import sqlalchemy as sa
from ckan import model
from PIL import Image
from werkzeug.datastructures import FileStorage, MultiDict

from ckanext.participation.assemble import command_group
from ckanext.participation.common import images
from ckanext.participation.common.errors import LimitExceeded
from ckanext.participation.common.model import Attachment, Event, Subject, now
from ckanext.participation.threads import attachments
from ckanext.participation.threads.model import Comment, Thread

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context", "storage")

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


def events() -> list[str]:
    return list(model.Session.scalars(sa.select(Event.type).where(Event.target_type == "attachment").order_by(Event.id)))


def files(storage: Path) -> list[str]:
    return sorted(path.name for path in storage.rglob("*") if path.is_file())


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


def test_a_loose_picture_is_seen_by_its_owner_alone(person: Make, upload: Make, status: Make) -> None:
    user = person()
    picture = upload(user)
    for address in (picture["url"], picture["thumb_url"]):
        assert (status(address, user), status(address), status(address, person())) == (200, 404, 404)


def test_a_posted_picture_is_seen_by_everyone_and_cannot_run(person: Make, dataset: Make, upload: Make, ask: Make, app: Any) -> None:
    user = person()
    picture = upload(user)
    ask(user, dataset(), attachments=[picture["id"]])
    answer = app.get(picture["url"])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f"inline; filename=picture-{picture['id'][:8]}.webp"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert {"public", "no-cache"} <= set(answer.headers["Cache-Control"].split(", "))
    again = app.get(picture["url"], headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert app.get(picture["thumb_url"]).headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize("end", [".png", ".php", ".webp.html", "", ".webp/", ".thumb.webp", "/../x.webp"])
def test_a_picture_has_one_address(person: Make, dataset: Make, upload: Make, ask: Make, status: Make, end: str) -> None:
    user = person()
    picture = upload(user)
    ask(user, dataset(), attachments=[picture["id"]])
    assert status(f"/participation/picture/{picture['id']}{end}") == 404


@pytest.mark.parametrize("name", ["..%2f..%2fckan", "%00", "a" * 300, "0" * 32, "-1", "%F0%9F%92%A9"])
def test_an_address_of_nothing_answers_404(status: Make, name: str) -> None:
    assert status(f"/participation/picture/{name}.webp") == 404
    assert status(f"/participation/picture/thumb/{name}.webp") == 404


def test_a_private_datasets_picture_is_seen_by_those_who_see_the_dataset(person: Make, dataset: Make, upload: Make, ask: Make, app: Any, status: Make) -> None:
    staff = person()
    picture = upload(staff)
    ask(staff, dataset(staff=staff, private=True), attachments=[picture["id"]])
    assert (status(picture["url"]), status(picture["url"], person())) == (404, 404)
    answer = request(app.get, picture["url"], staff)
    assert answer.status_code == 200
    assert "private" in answer.headers["Cache-Control"]
    assert "public" not in answer.headers["Cache-Control"]


def test_a_picture_goes_private_with_its_dataset(person: Make, dataset: Make, upload: Make, ask: Make, status: Make) -> None:
    staff = person()
    about, picture = dataset(staff=staff), upload(staff)
    ask(staff, about, attachments=[picture["id"]])
    assert status(picture["url"]) == 200
    tk.get_action("package_patch")({"ignore_auth": True}, {"id": about["id"], "private": True})
    assert (status(picture["url"]), status(picture["thumb_url"]), status(picture["url"], staff)) == (404, 404, 200)


@pytest.mark.parametrize("state", ["hidden", "removed"])
def test_a_hidden_messages_picture_is_served_to_nobody(person: Make, dataset: Make, upload: Make, ask: Make, as_user: Make, status: Make, state: str) -> None:
    user, admin = person(), person(sysadmin=True)
    thread, picture = ask(user, dataset()), upload(user)
    comment = as_user(user, "participation_comment_create", thread_id=thread["id"], body="Words.", attachments=[picture["id"]])
    as_user(admin, "participation_visibility_set", kind="comment", id=f"{thread['id']}#{comment['seq']}", state=state, reason="Rude")
    assert [status(picture["url"], who) for who in (None, user, person(), admin)] == [404] * 4
    assert as_user(None, "participation_comment_list", thread_id=thread["id"])["results"][1]["attachments"] == []


def test_a_hidden_threads_picture_is_served_to_nobody(person: Make, dataset: Make, upload: Make, ask: Make, status: Make) -> None:
    user = person()
    picture = upload(user)
    thread = ask(user, dataset(), attachments=[picture["id"]])
    model.Session.execute(sa.update(Thread).where(Thread.id == thread["id"]).values(visibility="hidden"))
    model.Session.commit()
    assert [status(picture["url"], who) for who in (None, user)] == [404, 404]


def test_a_held_messages_picture_is_seen_by_its_author_and_the_moderators(person: Make, dataset: Make, upload: Make, ask: Make, as_user: Make, status: Make) -> None:
    user, admin = person(), person(sysadmin=True)
    thread, picture = ask(person(), dataset()), upload(user)
    links = " ".join(f"[x](http://example.org/{number})" for number in range(5))
    comment = as_user(user, "participation_comment_create", thread_id=thread["id"], body=links, attachments=[picture["id"]])
    assert comment["state"] == "held"
    assert [status(picture["url"], who) for who in (user, admin, person(), None)] == [200, 200, 404, 404]


def test_a_picture_that_its_message_shows_no_more_is_served_to_nobody(person: Make, dataset: Make, upload: Make, ask: Make, status: Make) -> None:
    user = person()
    picture = upload(user)
    thread = ask(user, dataset(), attachments=[picture["id"]])
    model.Session.execute(sa.update(Comment).where(Comment.thread_id == thread["id"]).values(attachments=None))
    model.Session.commit()
    assert [status(picture["url"], who) for who in (None, user)] == [404, 404]


def test_a_lost_datasets_picture_waits_with_it(person: Make, dataset: Make, upload: Make, ask: Make, status: Make) -> None:
    user = person()
    picture = upload(user)
    ask(user, dataset(), attachments=[picture["id"]])
    model.Session.execute(sa.update(Subject).values(lost_at=now()))
    model.Session.commit()
    assert status(picture["url"]) == 404


def test_a_picture_whose_file_is_missing_answers_404(person: Make, dataset: Make, upload: Make, ask: Make, status: Make) -> None:
    user = person()
    picture = upload(user)
    ask(user, dataset(), attachments=[picture["id"]])
    images.remove(picture["id"])
    assert status(picture["url"]) == 404


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


def test_a_form_uploads_its_pairs_of_picture_and_words(form: Make) -> None:
    result = form([(png(), "One"), (b"", ""), (png(), "Three")])
    assert [row["alt"] for row in result.uploaded] == ["One", "Three"]
    assert (result.errors, result.retry) == ([], [])


def test_a_form_keeps_what_was_uploaded_over_an_error(form: Make) -> None:
    first = form([(png(), "One")])
    again = form([(b"<svg/>", "Two"), (png(), "")], kept=tuple(first.ids))
    assert again.ids == first.ids
    assert again.retry == ["Two", ""]
    assert [(error["field"], error["id"]) for error in again.errors] == [("pictures", "field-pictures-1"), ("alt", "field-alt-2")]


def test_a_form_removes_what_is_ticked_and_only_ones_own(form: Make, person: Make, upload: Make) -> None:
    foreign = upload(person())["id"]
    mine = form([(png(), "One"), (png(), "Two")]).ids
    result = form(kept=(*mine, foreign), remove=(mine[0], foreign))
    assert result.ids == [mine[1]]
    assert set(model.Session.scalars(sa.select(Attachment.id))) == {mine[1], foreign}


def test_a_form_takes_four_pictures_and_says_so_of_the_fifth(form: Make) -> None:
    mine = form([(png(), f"Box {number}") for number in range(4)]).ids
    result = form([(png(), "Box 5")], kept=tuple(mine))
    assert result.ids == mine
    assert "at most 4" in result.errors[0]["message"]


@pytest.mark.parametrize("ids", [("../x",), ("0" * 32,), ("x" * 10_000,), tuple(f"{number:032x}" for number in range(50))])
def test_a_form_with_false_ids_uploads_nothing_and_breaks_nothing(form: Make, ids: tuple[str, ...]) -> None:
    assert form(kept=ids, remove=ids).ids == []


def test_what_people_wrote_under_a_picture_cannot_run(person: Make, upload: Make, app: Any) -> None:
    evil = "\"><script>alert(1)</script><img src=x onerror='alert(1)'>"
    picture = upload(person(), alt=evil)
    with app.flask_app.test_request_context():
        shown = tk.render("participation/threads/snippets/pictures.html", {"attachments": [picture], "lang": "en"})
        written = tk.render("participation/threads/snippets/pictures_field.html", {"pictures": attachments.FormPictures([picture], [evil], [])})
    for html in (shown, written):
        assert "<script>" not in html
        assert "<img src=x" not in html
        assert "&lt;script&gt;" in html
    assert f'width="{picture["thumb_width"]}"' in shown
    assert 'loading="lazy"' in shown


def test_the_page_keeps_text_and_pictures_over_an_error_and_posts_them_then(person: Make, dataset: Make, ask: Make, app: Any) -> None:
    user = person()
    thread = ask(user, dataset())
    address = f"/participation/thread/{thread['id']}"
    refused = request(app.post, address, user, content_type="multipart/form-data", data={
        "body": "My careful words.", "pictures": [(io.BytesIO(png()), "a.png"), (io.BytesIO(b"<svg/>"), "b.svg")], "alt": ["A box", "A drawing"]})
    assert refused.status_code == 409
    assert "My careful words." in refused.body
    kept = re.findall(r'name="attachments" value="(\w+)"', refused.body)
    assert len(kept) == 1
    assert 'value="A drawing"' in refused.body
    posted = request(app.post, address, user, content_type="multipart/form-data", follow_redirects=False,
                     data={"body": "My careful words.", "attachments": kept, "pictures": [(io.BytesIO(b""), "")], "alt": [""]})
    assert posted.status_code == 302
    comment = model.Session.get(Comment, (thread["id"], 2), populate_existing=True)
    assert comment is not None
    assert [row["id"] for row in comment.attachments or []] == kept
    assert f"/participation/picture/thumb/{kept[0]}.webp" in app.get(address).body
