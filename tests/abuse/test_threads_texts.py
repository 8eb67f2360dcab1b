"""What people write in conversations, in every field and on every page: it never runs, never costs much, is stored in one form."""

from __future__ import annotations

import email.header
import io
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lxml.html
import pytest
import sqlalchemy as sa
from bounded import costs_at_most
from ckan import model
from PIL import Image
from statements import statements

from ckanext.participation.common import outbox, text
from ckanext.participation.common.model import Event, Outbox
from ckanext.participation.threads import history, mentions
from ckanext.participation.threads.model import Comment, Thread

Make = Callable[..., Any]
VECTORS = [line for line in (Path(__file__).parents[1] / "browser" / "xss_vectors.txt").read_text().splitlines() if line]
HARMLESS = ["Snow *falls* in `winter`, [see](https://a.example 'A title').", "1. one", "- two", "| a | b |\n|---|---|\n| 1 | 2 |", "> quote"]
pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index"), pytest.mark.ckan_config("participation.limits.posts_per_minute", 10_000),
              pytest.mark.ckan_config("participation.limits.posts_per_hour", 10_000),
              pytest.mark.ckan_config("participation.visibility.hold_links", 0)]


def pieces(lines: list[str], most: int) -> list[str]:
    """Return the lines in texts of at most `most` bytes."""
    found = [""]
    for line in lines:
        if len(f"{found[-1]} {line}".encode()) > most:
            found.append("")
        found[-1] = f"{found[-1]} {line}".strip()
    return found


@pytest.fixture
def site(app: Any, person: Make, dataset: Make) -> Make:
    """Give `write(lines)`: a dataset with conversations whose every field holds the lines; returns its pages and who alone opens them."""
    app.client = app.test_client()

    def api(user: dict[str, Any], action: str, **data: Any) -> Any:
        answer = app.post(f"/api/3/action/participation_{action}", json=data, headers={"Authorization": user["token"]})
        assert answer.status_code == 200, answer.body
        return answer.json["result"]

    def write(lines: list[str]) -> list[tuple[str, dict[str, Any] | None]]:
        titles, long = pieces(lines, 280), "\n\n".join(lines)
        staff, asker = person(fullname=titles[0][:100]), person(fullname=titles[-1][:100])
        about = dataset(staff=staff, resources=[{"url": "https://a.example/f.csv", "name_translated": {"en": "F", "fr": "F"}}])
        picture = io.BytesIO()
        Image.new("RGB", (8, 8)).save(picture, "PNG")
        pages: list[str] = [f"/dataset/{about['name']}", "/participation/conversations",
                            f"/participation/dataset/{about['name']}/threads",
                            f"/participation/organization/{about['owner_org']}/conversations", "/"]
        own: list[tuple[str, dict[str, Any] | None]] = []
        for number, title in enumerate(titles):
            problem = {"resource_id": about["resources"][0]["id"], "field": title, "row": title[:90], "wrong": title, "expected": title}
            shown = app.post("/api/3/action/participation_attachment_create", headers={"Authorization": asker["token"]},
                             data={"upload": (io.BytesIO(picture.getvalue()), "p.png"), "alt": title}).json["result"]["id"] if number < 2 else None
            thread = api(asker, "thread_create", subject_id=about["id"], title=title[::-1], body="Before.", kind="problem", problem=problem,
                         lang="en", attachments=[shown] if shown else [])
            api(asker, "comment_edit", thread_id=thread["id"], seq=1, body=title if number else long, title=title)
            api(asker, "comment_edit", thread_id=thread["id"], seq=1, body=f"{title} {titles[number - 1]}")
            if number < 3:
                api(staff, "comment_create", thread_id=thread["id"], body=title, as_organization=True, lang="en")
                api(staff, "comment_translate", thread_id=thread["id"], seq=2, body=long)
            api(staff, "thread_problem_set", id=thread["id"], state="wont_fix", reason=title, link_url=f"https://a.example/?{number}&x='y")
            pages += [thread["url"], f"/participation/thread/{thread['id']}/1/history"]
            if number < 3:
                pages += [f"/participation/thread/{thread['id']}/{end}" for end in ("messages", "2/support")]
                own += [(f"/participation/thread/{thread['id']}/{end}", user)
                        for end, user in (("manage", staff), ("1/edit", asker), ("2/translate", staff))]
        return [*((address, None) for address in pages), *own]

    return write


def shapes_of(app: Any, address: str, reader: dict[str, Any]) -> set[tuple[str, str]]:
    """Return which elements and attributes a page has; scripts and addresses are looked at at once."""
    page = app.get(address, headers={"Authorization": reader["token"]})
    assert page.status_code == 200, address
    found = set()
    for element in lxml.html.fromstring(page.body).iter(lxml.etree.Element):
        found |= {(element.tag, "")} | {(element.tag, name) for name in element.attrib}
        if element.tag == "script" and element.get("type") == "application/ld+json":
            json.loads(element.text)
        elif element.tag == "script":
            assert (element.get("src") or "").startswith("/"), address
            assert not (element.text or "").strip(), address
        for name in ("href", "src", "action", "formaction", "srcset", "cite", "data"):
            assert not (element.get(name) or "").strip().lower().startswith(("javascript:", "vbscript:", "data:text")), address
    return found


def test_no_field_brings_an_element_or_attribute_that_harmless_words_do_not(app: Any, site: Make, person: Make) -> None:
    chief = person(sysadmin=True)
    harmless = {shape for address, user in site(HARMLESS) for shape in shapes_of(app, address, user or chief)}
    harmless |= {(tag, "") for tag in text.TAGS} | {(tag, name) for tag, names in text.ATTRIBUTES.items() for name in (*names, "rel")}
    # A piece of a page begins with what the parser puts around it.
    harmless |= {("a", "lang"), ("div", "")}
    for address, user in site(VECTORS):
        assert shapes_of(app, address, user or chief) - harmless == set(), address


FAMILIES = ["*", "_", "[", "![](", "`", "> ", "<", "(", "a_*b", "|", "~~", "&amp;", "- ", "[a](", "https://a.example/"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_text_of_one_sign_is_rendered_and_compared_at_once(family: str) -> None:
    bomb = text.clean((family * 10_000)[:10_000], 10_000)
    costs_at_most(0.5, lambda: (text.render(bomb), history.diff(bomb, bomb[1:] + "x")))


@pytest.mark.parametrize(("before", "after"), [
    (" ".join(f"{i % 101:x}" for i in range(4000)), " ".join(f"{i * 7 % 101:x}" for i in range(4000))),
    (" ".join(f"{i * i % 61:x}" for i in range(5000)), " ".join(f"{i * i * i % 61:x}" for i in range(5000))),
    (" ".join(map(str, range(2200))), " ".join(map(str, range(2200, 0, -1)))), ("a b " * 2500, "b a " * 2500),
    (" ".join(map(str, range(2200))), " ".join("q" if i % 3 else str(i) for i in range(2200)))], ids=["cycles", "powers", "turned", "ab", "thirds"])
def test_two_long_texts_are_compared_at_once_and_nothing_is_lost(before: str, after: str) -> None:
    before, after = before[:10_000], after[:10_000]
    costs_at_most(0.5, lambda: history.diff(before, after))
    parts = history.diff(before, after)
    assert "".join(part["text"] for part in parts if part["op"] != "added") == before
    assert "".join(part["text"] for part in parts if part["op"] != "removed") == after


@pytest.mark.usefixtures("with_request_context")
def test_a_text_of_nothing_but_addresses_looks_few_of_them_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import ckan.plugins.toolkit as tk

    body = text.clean("\n".join(f"{tk.config['ckan.site_url']}/dataset/{number}" for number in range(250)), 10_000)
    with statements() as seen:
        mentions.render(body)
    assert len(seen) <= 5 * mentions.LOOKS
    costs_at_most(0.5, lambda: mentions.render(body))


TRICKS = {"bidi": ("a\u202egnp.exe", "agnp.exe"), "isolates": ("\u2066a\u2069", "a"), "hidden": ("a\u200b\u00ad\ufeffb", "ab"),
          "nfd": ("e\u0301", "é"), "kept apart": ("e\u200b\u0301", "é"), "controls": ("a\x00\x07\x1b[31mb", "a[31mb"), "alike": ("раураl", "раураl"),
          "lines": ("a\r\nb", None)}


@pytest.mark.usefixtures("with_request_context")
@pytest.mark.parametrize("trick", TRICKS)
def test_every_field_is_stored_in_one_form(trick: str, person: Make, dataset: Make, as_user: Make) -> None:
    given, stored = TRICKS[trick]
    staff, asker = person(), person()
    about = dataset(staff=staff)
    thread = as_user(asker, "participation_thread_create", subject_id=about["id"], title=given, body=given, kind="problem", lang="en",
                     problem=dict.fromkeys(("field", "row", "wrong", "expected"), given))
    as_user(staff, "participation_comment_create", thread_id=thread["id"], body="x", lang="en", as_organization=True)
    as_user(staff, "participation_comment_translate", thread_id=thread["id"], seq=2, body=given)
    as_user(staff, "participation_thread_problem_set", id=thread["id"], state="wont_fix", reason=given)
    line, lines = stored or "a b", stored or "a\nb"
    shown = as_user(None, "participation_thread_show", id=thread["id"])
    first, second = as_user(None, "participation_comment_list", thread_id=thread["id"])["results"]
    assert (shown["title"], shown["changes"][-1]["reason"], shown["problem"]["field"], shown["problem"]["row"]) == (line,) * 4
    assert (first["body"], second["translation"]["body"], shown["problem"]["wrong"], shown["problem"]["expected"]) == (lines,) * 4
    assert unicodedata.is_normalized("NFC", json.dumps([shown, first, second], ensure_ascii=False))


@pytest.mark.usefixtures("with_request_context")
@pytest.mark.parametrize("url", ["https://a.example/\u202egnp", "https://a.example/\x07", "https://a.example/\u200b", "https://a.example/\u2028x"])
def test_an_address_with_what_nobody_sees_is_refused(url: str, person: Make, dataset: Make, as_user: Make) -> None:
    import ckan.plugins.toolkit as tk

    staff = person()
    thread = as_user(staff, "participation_thread_create", subject_id=dataset(staff=staff)["id"], title="t", body="b", kind="problem")
    with pytest.raises(tk.ValidationError) as refusal:
        as_user(staff, "participation_thread_problem_set", id=thread["id"], state="fixed", link_url=url)
    assert list(refusal.value.error_dict) == ["link_url"]


@pytest.mark.usefixtures("with_request_context")
@pytest.mark.parametrize("break_", ["\r\n", "\n", "\u2028", "\x85", "\x0b", "\r"])
def test_a_line_break_in_a_title_or_name_adds_no_header_to_a_mail(break_: str, person: Make, dataset: Make, as_user: Make) -> None:
    staff, asker = person(), person(fullname=f"A{break_}Bcc: all@evil.example")
    about = dataset(staff=staff, title_translated={"en": f"Snow{break_}Bcc: all@evil.example", "fr": "Neige"})
    thread = as_user(asker, "participation_thread_create", subject_id=about["id"], title=f"Why?{break_}Bcc: all@evil.example", body="b")
    as_user(staff, "participation_comment_create", thread_id=thread["id"], body="Because.", as_organization=True)
    as_user(staff, "participation_thread_state_set", id=thread["id"], state="locked", reason=f"x{break_}Bcc: y")
    rows = model.Session.scalars(sa.select(Event).join(Outbox, Outbox.event_id == Event.id)).all()
    assert {row.type for row in rows} >= {"thread.created", "comment.created", "thread.state"}
    for row in rows:
        subject = outbox.compose(row)[0]
        assert len(subject.splitlines()) == 1
        assert "\n" not in email.header.Header(subject, "utf-8", maxlinelen=10_000).encode()


def test_what_was_typed_survives_every_refusal_of_its_form(app: Any, person: Make, dataset: Make, as_user: Make) -> None:
    asker = person()
    with app.flask_app.test_request_context():
        thread = as_user(asker, "participation_thread_create", subject_id=dataset()["id"], title="Why?", body="b")["id"]
    forms = {f"/participation/thread/{thread}/1/edit": {"body": "Words I typed.", "title": "Why?", "base": "0"},
             f"/participation/thread/{thread}": {"body": "Words I typed."},
             f"/participation/thread/{thread}/state": {"state": "locked", "reason": "Words I typed."}}
    for address, data in forms.items():
        # Nobody is signed in any more; then: signed in, and the token is stale.
        app.client = app.test_client()
        answer = app.post(address, data=data)
        assert (answer.status_code, "Words I typed." in answer.body) == (403, True), address
        app.set_session_user(asker["id"])
        answer = app.post(address, data=data)
        assert (answer.status_code, "Words I typed." in answer.body) == (400, True), address
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Comment)) == 1
    assert model.Session.scalar(sa.select(Thread.state)) == "open"
