"""Pictures in messages: what a form uploads, keeps over an error, and removes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from threads.attachments.conftest import png, request

from ckanext.participation.common.model import Attachment
from ckanext.participation.threads.model import Comment

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context", "storage")

Make = Callable[..., Any]


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
