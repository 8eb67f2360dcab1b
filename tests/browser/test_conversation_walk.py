"""A conversation from the first question to a harvest that makes everything anew, by keyboard alone, in each language.

Three people: who asks, the agency's editor, and somebody who comes by. French runs without scripts, English with them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser.keyboard import Keyboard
from playwright.sync_api import Locator, expect
from running import NOT_INHERITED, Site, eventually

pytestmark = pytest.mark.browser

# The smallest of the demonstration's sources, because the walk harvests it a second time.
PUBLISHER, SOURCE = "psdi", "physical-sciences-data-infrastructure"
OTHER = {"en": "fr", "fr": "en"}
TEXTS = {
    "en": {"title": "What is the unit of the lattice constant?", "body": "Is it **ångström** or nanometre?", "strong": "ångström",
           "answer": "It is ångström, as the standard says.", "translated": "C’est l’ångström, comme le veut la norme.",
           "problem": "A lattice constant is negative", "report": "The seventh row can’t be right.", "better": "The eighth row can’t be right.",
           "gone": "seventh", "came": "eighth", "confirmed": "We see it too.", "reason": "Settled; the file is right now."},
    "fr": {"title": "En quelle unité est le paramètre de maille?", "body": "Est-ce en **ångströms** ou en nanomètres?", "strong": "ångströms",
           "answer": "En ångströms, comme le veut la norme.", "translated": "In ångström, as the standard says.",
           "problem": "Un paramètre de maille est négatif", "report": "La septième ligne est fausse.", "better": "La huitième ligne est fausse.",
           "gone": "septième", "came": "huitième", "confirmed": "Nous le voyons aussi.", "reason": "C’est réglé; le fichier est corrigé."},
}


@pytest.fixture(scope="module")
def editor(site: Site, someone: Any) -> dict[str, str]:
    """Give an account that answers for the publisher."""
    account = someone("Édith Rédactrice")
    row = {"id": PUBLISHER, "username": account["name"], "role": "editor"}
    assert site.call("organization_member_create", site.accounts["admin"]["api_token"], **row).status == 200
    return account


@pytest.fixture(scope="module")
def subjects(site: Site) -> dict[str, dict[str, Any]]:
    """Give each language a dataset of the publisher with several files."""
    rows = site.call("package_search", fq=f"organization:{PUBLISHER}", rows=100).result["results"]
    rows = sorted((row for row in rows if len(row["resources"]) > 1), key=lambda row: (len(row["title"]), row["title"]))
    return {"en": rows[0], "fr": rows[1]}


@pytest.fixture
def at_keyboard(visitor: Any) -> Callable[..., Keyboard]:
    """Give people their keyboards: `at_keyboard(lang, path)`, without scripts in French."""

    def one(lang: str, path: str, width: int = 1280) -> Keyboard:
        person = visitor(width, scripts=lang == "en")
        return Keyboard(person, person.open(path, lang), lang)

    return one


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_conversation_by_keyboard_alone(
    at_keyboard: Any, site: Site, subjects: dict[str, dict[str, Any]], someone: Any, editor: dict[str, str], lang: str
) -> None:
    """Each step goes on where the one before ended."""
    subject, text = subjects[lang], TEXTS[lang]
    asker = at_keyboard(lang, "/")
    finds(asker, subject)
    asks(asker, someone("Dominique Question"), text)
    question = asker.page.url.partition("#")[0]
    agency = at_keyboard(lang, path_of(question))
    answers(agency, editor, text)
    translates(agency, text)
    marks_the_answer(asker, text)
    reports(asker, subject, text)
    report = asker.page.url.partition("#")[0]
    says_what_becomes(agency, path_of(report), subject, text)
    edits(asker, text)
    locks(agency, text)
    reads_but_cannot_write(at_keyboard(lang, "/user/login", 320), someone("Alix Passante"), path_of(report), text)
    if lang == "fr":
        stranger = at_keyboard(lang, path_of(question))
        is_harvested_anew(site, subject)
        finds_it_again(stranger, subject, path_of(question), path_of(report), text)


def finds(asker: Keyboard, subject: dict[str, Any]) -> None:
    """From the home page by the search box to the dataset."""
    asker.write("field-main-search", subject["title"])
    with asker.page.expect_navigation():
        asker.press("Enter")
    asker.skip()
    asker.go(asker.page.locator("main, [role=main]").get_by_role("link", name=subject["title"], exact=True))
    expect(asker.page.locator("h1")).to_have_text(subject["title"])


def asks(asker: Keyboard, account: dict[str, str], text: dict[str, str]) -> None:
    """Ask from the dataset's page, signing in on the way, with a look at how the text will be before it is posted."""
    page = asker.page
    asker.go(asker.link("Ask a question"))
    asker.go(asker.link("Sign in"))
    asker.sign_in(account)
    expect(page.locator("input[name=kind][value=question]")).to_be_checked()
    asker.skip()
    asker.write("field-title", text["title"])
    asker.write("field-body", text["body"])
    asker.reach(asker.button("Preview"))
    asker.press("Enter")
    expect(page.locator("#preview strong")).to_have_text(text["strong"])
    expect(page.locator("#field-title")).to_have_value(text["title"])
    expect(page.locator("#field-body")).to_have_value(text["body"])
    asker.go(asker.button("Post"))
    expect(page.locator("h1")).to_have_text(text["title"])
    expect(page.locator("[role=status]")).to_contain_text(
        asker.says("Posted. The organisation is told by mail; you are told when somebody answers."))
    expect(tags(asker)).to_have_text([asker.says("Question"), asker.says("Open")])
    expect(message(asker, 1).locator("strong")).to_have_text(text["strong"])


def answers(agency: Keyboard, account: dict[str, str], text: dict[str, str]) -> None:
    """Answer in the organisation's name; signing in leads back to the place where one writes."""
    agency.go(agency.link("Sign in to answer"))
    agency.sign_in(account)
    expect(agency.page.locator("#reply")).to_be_in_viewport()
    agency.write("field-body", text["answer"])
    agency.tick("field-as_organization")
    agency.tick("field-translation_expected")
    agency.go(agency.button("Post the message"))
    answer = message(agency, 2)
    expect(answer).to_be_in_viewport()
    expect(answer).to_contain_text(text["answer"])
    expect(answer.locator(".pt-tag--agency")).to_have_text(agency.says("Agency answer"))
    expect(answer).to_contain_text(agency.says("Translation pending"))
    expect(tags(agency)).to_have_text([agency.says("Question"), agency.says("Answered")])


def translates(agency: Keyboard, text: dict[str, str]) -> None:
    """Pair the answer with its translation."""
    agency.go(message(agency, 2).get_by_role("link", name=re.compile(rf"^{agency.says('Translate')}\b")))
    expect(agency.page.locator("h1")).to_have_text(agency.says("Translate an answer"))
    agency.write("field-body", text["translated"])
    agency.go(agency.button("Save the translation"))
    answer = message(agency, 2)
    expect(answer.locator(f".pt-pair [lang={agency.lang}]")).to_have_text(text["answer"])
    expect(answer.locator(f".pt-pair [lang={OTHER[agency.lang]}]")).to_have_text(text["translated"])
    expect(answer).not_to_contain_text(agency.says("Translation pending"))
    expect(agency.page.locator("[role=status]")).to_contain_text(agency.says("Saved: the answer shows in both languages."))


def marks_the_answer(asker: Keyboard, text: dict[str, str]) -> None:
    """Who asked says which reply answers."""
    asker.visit(path_of(asker.page.url))
    asker.skip()
    asker.go(message(asker, 2).get_by_role("link", name=re.compile(rf"^{asker.says('This is the answer')}")))
    expect(asker.page.locator("h1")).to_have_text(asker.says("Is this the answer?"))
    expect(asker.page.locator(".pt-prose")).to_contain_text(text["answer"])
    asker.go(asker.button("Yes, this is the answer"))
    expect(asker.page.locator("[role=status]")).to_contain_text(asker.says("Saved: the answer stands out on the page."))
    expect(message(asker, 2).locator(".pt-tag--answered")).to_have_text(asker.says("The answer"))
    expect(tags(asker)).to_have_text([asker.says("Question"), asker.says("Answered")])


def reports(asker: Keyboard, subject: dict[str, Any], text: dict[str, str]) -> None:
    """Report a problem with its place: from the conversation to the dataset, and there to the form."""
    page = asker.page
    asker.go(page.locator(".pt-thread__head").get_by_role("link", name=subject["title"], exact=True))
    asker.skip()
    asker.go(asker.link("Report a problem"))
    expect(page.locator("input[name=kind][value=problem]")).to_be_checked()
    asker.skip()
    asker.write("field-title", text["problem"])
    asker.pick("field-problem_resource_id", subject["resources"][0]["id"])
    for field, value in (("field", "lattice_a"), ("row", "7"), ("wrong", "-3.2"), ("expected", "3.2")):
        asker.write(f"field-problem_{field}", value)
    asker.write("field-body", text["report"])
    asker.go(asker.button("Post"))
    expect(page.locator("h1")).to_have_text(text["problem"])
    expect(tags(asker)).to_have_text([asker.says("Problem report"), asker.says("Open")])
    told = {asker.says("File"): subject["resources"][0]["name"], asker.says("Column"): "lattice_a", asker.says("Row"): "7",
            asker.says("What stands there"): "-3.2", asker.says("What it should be"): "3.2"}
    facts = page.locator(".pt-problem")
    assert dict(zip(facts.locator("dt").all_inner_texts(), facts.locator("dd").all_inner_texts(), strict=True)) == told


def says_what_becomes(agency: Keyboard, path: str, subject: dict[str, Any], text: dict[str, str]) -> None:
    """Confirm the problem; then say that it is fixed, and in which file."""
    page, mended = agency.page, subject["resources"][1]
    agency.visit(path)
    agency.skip()
    agency.go(agency.link("Say what becomes of this problem"))
    agency.skip()
    agency.choose(page.locator("#problem-title ~ form input[value=confirmed]"))
    agency.write("field-reason", text["confirmed"])
    agency.press("Tab")
    agency.go(page.locator("#problem-title ~ form").get_by_role("button"))
    expect(tags(agency)).to_have_text([agency.says("Problem report"), agency.says("Confirmed")])
    expect(page.locator("[role=status]")).to_contain_text(agency.says("Saved with today’s date. Who follows this conversation is told by mail."))
    expect(page.locator(".pt-timeline")).to_contain_text(text["confirmed"])
    agency.go(agency.link("Say what becomes of this problem"))
    agency.skip()
    agency.choose(page.locator("#problem-title ~ form input[value=fixed]"))
    agency.pick("field-link_resource_id", mended["id"])
    agency.go(page.locator("#problem-title ~ form").get_by_role("button"))
    expect(tags(agency)).to_have_text([agency.says("Problem report"), agency.says("Fixed")])
    steps = page.locator(".pt-timeline__item")
    expect(steps).to_have_count(2)
    expect(steps.last).to_contain_text(agency.says("Problem fixed"))
    expect(steps.last).to_contain_text(agency.says("by the organisation"))
    expect(steps.last.get_by_role("link", name=mended["name"], exact=True)).to_be_visible()
    expect(steps.last.locator("time")).to_be_visible()


def edits(asker: Keyboard, text: dict[str, str]) -> None:
    """Correct what one wrote; everyone can read what it said before, word by word."""
    page = asker.page
    asker.visit(path_of(page.url))
    asker.skip()
    asker.go(message(asker, 1).get_by_role("link", name=re.compile(rf"^{asker.says('Edit')}\b")))
    expect(page.locator("h1")).to_have_text(asker.says("Change message {number}", number="1"))
    expect(page.locator("#field-body")).to_have_value(text["report"])
    asker.write("field-body", text["better"])
    asker.go(asker.button("Save the change"))
    expect(message(asker, 1).locator(".pt-prose")).to_have_text(text["better"])
    expect(page.locator("[role=status]")).to_contain_text(asker.says("Saved. What the message said before stays readable beside it."))
    asker.go(message(asker, 1).locator("a[href$='/1/history']"))
    expect(page.locator("h1")).to_have_text(asker.says("What message {number} said before", number="1"))
    expect(page.locator(".pt-diff del")).to_contain_text(text["gone"])
    expect(page.locator(".pt-diff ins")).to_contain_text(text["came"])
    expect(page.locator(".pt-diff del")).to_contain_text(asker.says("taken out:"))
    expect(page.locator(".pt-diff ins")).to_contain_text(asker.says("put in:"))
    asker.go(asker.link("Back to the message"))
    expect(message(asker, 1)).to_be_in_viewport()


def locks(agency: Keyboard, text: dict[str, str]) -> None:
    """Lock the conversation: not without a reason."""
    page = agency.page
    agency.go(agency.link("Say what becomes of this problem"))
    agency.skip()
    form = page.locator("#state-title ~ form")
    agency.choose(form.locator("input[value=locked]"))
    agency.go(form.get_by_role("button"))
    expect(page.locator(".pt-errors")).to_be_focused()
    expect(form.locator("input[value=locked]")).to_be_checked()
    expect(page.locator(".pt-field__error")).to_have_count(1)
    # The summary's link leads to the box where the reason goes.
    agency.go(page.locator(".pt-errors a"))
    agency.reach(page.locator("#field-state-reason"))
    page.keyboard.type(text["reason"])
    agency.go(form.get_by_role("button"))
    expect(page.locator("[role=status]")).to_contain_text(agency.says("Locked, with your reason shown to everyone."))
    expect(tags(agency)).to_contain_text([agency.says("Problem report"), agency.says("Fixed"), agency.says("Locked")])


def reads_but_cannot_write(stranger: Keyboard, account: dict[str, str], path: str, text: dict[str, str]) -> None:
    """Somebody else, on a phone: the words are there, the reason too, and no place to write."""
    page = stranger.page
    stranger.sign_in(account)
    stranger.visit(path)
    notice = page.locator(".pt-notice--locked")
    expect(notice).to_contain_text(stranger.says("This conversation is locked"))
    expect(notice).to_contain_text(text["reason"])
    expect(message(stranger, 1).locator(".pt-prose")).to_have_text(text["better"])
    expect(page.locator("#reply")).to_contain_text(stranger.says("It takes no more messages. You can start a new one:"))
    assert page.locator("textarea").count() == 0
    assert message(stranger, 1).get_by_role("link", name=stranger.says("Reply")).count() == 0
    stranger.skip()
    stranger.go(page.locator("#reply").get_by_role("link", name=stranger.says("Start a conversation"), exact=True))
    expect(page.locator("#field-body")).to_be_visible()


def is_harvested_anew(site: Site, subject: dict[str, Any]) -> None:
    """The operator empties the source and harvests it again, and the sweep runs before and after."""
    source = json.loads((site.home / "demo.json").read_text())["sources"][-1]
    in_source = {"fq": f'harvest_source_id:"{source}"', "rows": 100}
    before = {row["name"]: row["id"] for row in site.call("package_search", **in_source).result["results"]}
    ckan(site, "harvester", "source", "clear", SOURCE)
    eventually(lambda: site.call("package_search", **in_source).result["count"] == 0, "the source's datasets are gone")
    assert site.get(f"/dataset/{subject['name']}").status == 404
    assert site.as_role("admin", "participation_subject_sweep")["orphans"] >= 1
    ckan(site, "participation", "harvest", "run", SOURCE)
    eventually(lambda: site.call("package_search", **in_source).result["count"] == len(before), "the source's datasets are back")
    after = {row["name"]: row["id"] for row in site.call("package_search", **in_source).result["results"]}
    assert after.keys() == before.keys()
    assert after[subject["name"]] != before[subject["name"]], "the harvest made nothing anew: this test shows nothing"
    assert site.as_role("admin", "participation_subject_sweep")["reattached"] >= 1


def finds_it_again(stranger: Keyboard, subject: dict[str, Any], question: str, report: str, text: dict[str, str]) -> None:
    """The dataset's page has both conversations, and they say what happened."""
    page = stranger.page
    stranger.visit("/")
    finds(stranger, subject)
    expect(page.locator(f"#conversation h3 a[href$='{report}']")).to_have_text(text["problem"])
    there = page.locator(f"#conversation h3 a[href$='{question}']")
    expect(there).to_have_text(text["title"])
    stranger.skip()
    stranger.go(there)
    expect(page.locator("h1")).to_have_text(text["title"])
    notice = page.locator(".pt-notice--moved")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text(stranger.says("These data were moved in the catalogue"))
    expect(notice).to_contain_text(subject["title"])
    expect(message(stranger, 1).locator("strong")).to_have_text(text["strong"])
    expect(message(stranger, 2).locator(".pt-tag--answered")).to_have_text(stranger.says("The answer"))
    expect(message(stranger, 2).locator(".pt-pair > *")).to_have_text([text["answer"], text["translated"]])


def message(reader: Keyboard, seq: int) -> Locator:
    """Return a message of the page by its number."""
    return reader.page.locator(f"article.pt-message[id='{seq}'], article.pt-message[id='m{seq}']")


def tags(reader: Keyboard) -> Locator:
    """Return the conversation's own tags: its kind and its state."""
    return reader.page.locator(".pt-thread__tags .pt-tag")


def path_of(url: str) -> str:
    """Return the path of an address without its language and its place in the page."""
    return re.sub(r"^https?://[^/]+(/fr)?(/[^#?]*).*$", r"\2", url)


def ckan(site: Site, *words: str) -> None:
    """Run a command of CKAN on the site, as its operator would."""
    clean = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    done = subprocess.run([str(Path(sys.executable).parent / "ckan"), "-c", str(site.home / "ckan.ini"), *words], cwd=site.home, check=False,
                          env={**clean, "PYTHONPATH": str(site.checkout / "config")}, text=True, timeout=300, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
