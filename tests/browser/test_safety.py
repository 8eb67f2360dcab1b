"""What one person writes can't run in another's browser, and what is private stays private."""

from __future__ import annotations

import itertools
import secrets
from pathlib import Path
from typing import Any

import pytest
from browser.conftest import WIDE, Visitor
from playwright.sync_api import Browser, Page
from running import Site

pytestmark = pytest.mark.browser

VECTORS = [line for line in Path(__file__).with_name("xss_vectors.txt").read_text().splitlines() if line]
# An account may post ten texts a minute.
POSTS_EACH = 9

# What a cleaned text may consist of: no attribute that runs, no address with another scheme.
LOOK_INSIDE = """() => {
    const tags = new Set(['P','BR','A','STRONG','EM','CODE','PRE','BLOCKQUOTE','UL','OL','LI','HR','H3','H4','H5','H6','TABLE','THEAD','TBODY',
                          'TR','TH','TD','DEL']);
    const attributes = new Set(['href','title','rel','start','class','lang']);
    const odd = [];
    for (const e of document.querySelectorAll('.pt-prose *')) {
        if (!tags.has(e.tagName)) { odd.push(e.outerHTML); }
        for (const a of e.attributes) { if (!attributes.has(a.name)) { odd.push(e.outerHTML); } }
        if (e.tagName === 'A' && !['http:', 'https:', 'mailto:'].includes(e.protocol)) { odd.push(e.outerHTML); }
        for (const kind of ['mouseover', 'focus', 'blur', 'error', 'load', 'toggle', 'animationstart', 'click']) {
            const event = new Event(kind, {bubbles: true, cancelable: true});
            e.addEventListener(kind, held => held.preventDefault(), {once: true});
            e.dispatchEvent(event);
        }
    }
    return odd;
}"""


@pytest.fixture(scope="module")
def posters(site: Site, someone: Any) -> Any:
    """Give API tokens of accounts, each as often as its owner may post in a minute."""

    def endless() -> Any:
        while True:
            yield from itertools.repeat(someone()["api_token"], POSTS_EACH)

    return endless()


@pytest.fixture
def unprotected(chromium: Browser, site: Site) -> Any:
    """Give an administrator's browser that ignores the Content-Security-Policy: the cleaning has to hold without it.

    An administrator also sees what is held.
    """
    context = chromium.new_context(viewport={"width": WIDE, "height": 900}, bypass_csp=True)
    person = Visitor(site, context)
    page = person.open("/user/login")
    admin = site.accounts["admin"]
    person.sign_in(page, admin["name"], admin["password"])
    yield person, page
    context.close()


def nothing_ran(person: Visitor, page: Page) -> None:
    """Expect no dialog, nothing odd in texts, and the page's scripts to be the site's own files."""
    assert page.evaluate(LOOK_INSIDE) == []
    assert page.evaluate("""() => Array.from(document.scripts).filter(s => s.type !== 'application/ld+json')
        .filter(s => !s.src || new URL(s.src).origin !== location.origin).map(s => s.outerHTML)""") == []
    assert person.dialogs == []


def test_there_are_enough_vectors() -> None:
    assert len(VECTORS) >= 60
    assert len(set(VECTORS)) == len(VECTORS)


def test_titles_with_scripts_are_shown_as_text(site: Site, unprotected: Any, dataset: dict[str, Any], posters: Any) -> None:
    """Each vector is title and text of a conversation; the lists, the dataset's page and the home page show them all."""
    person, page = unprotected
    about = site.call("package_search", fq=f"organization:csa-asc AND -name:{dataset['name']}", rows=1).result["results"][0]["name"]
    for vector in VECTORS:
        made = site.call("participation_thread_create", next(posters), subject_id=about, title=vector, body=vector)
        assert made.status in {200, 409}, made.body
        assert made.status == 200 or set(made.error) <= {"title", "body", "__type"}
    seen = 0
    address = f"/participation/dataset/{about}/threads"
    while address:
        person.go(page, address)
        nothing_ran(person, page)
        seen += page.locator(".pt-thread-line").count()
        further = page.locator("a[rel=next]")
        address = further.get_attribute("href") if further.count() else None
    assert seen >= len(VECTORS) - 5
    for path in (f"/dataset/{about}", "/", "/participation/queue"):
        person.go(page, path)
        nothing_ran(person, page)


def test_messages_with_scripts_are_shown_as_text(site: Site, unprotected: Any, dataset: dict[str, Any], posters: Any) -> None:
    person, page = unprotected
    asked = site.call("participation_thread_create", next(posters), subject_id=dataset["name"], title="Vecteurs", body="Un par message.").result
    for vector in VECTORS:
        made = site.call("participation_comment_create", next(posters), thread_id=asked["id"], body=vector)
        assert made.status in {200, 409}, made.body
    seen = 0
    address = f"/participation/thread/{asked['id']}"
    while address:
        person.go(page, address)
        nothing_ran(person, page)
        seen += page.locator(".pt-message").count()
        further = page.locator("a[rel=next]")
        address = further.get_attribute("href") if further.count() else None
    assert seen >= len(VECTORS) - 5


def test_a_vector_in_the_address_of_a_search_runs_nowhere(site: Site, unprotected: Any) -> None:
    person, page = unprotected
    for vector in VECTORS[:30]:
        page.goto(f"{site.url}/dataset/?" + page.evaluate("v => new URLSearchParams({q: v, tags: v}).toString()", vector))
        nothing_ran(person, page)


def test_a_vector_in_the_form_that_is_shown_again_runs_nowhere(site: Site, unprotected: Any, dataset: dict[str, Any]) -> None:
    """The form with an error holds what was typed; so does the link that fills it in."""
    person, page = unprotected
    for vector in VECTORS[:30]:
        page.goto(f"{site.url}/participation/dataset/{dataset['name']}/threads/new?"
                  + page.evaluate("v => new URLSearchParams({title: v, body: v, kind: v}).toString()", vector))
        nothing_ran(person, page)
        assert page.locator("#field-body").input_value().strip() in {vector.strip(), ""}


def test_the_policy_refuses_a_script_that_got_in(visitor: Any) -> None:
    person = visitor()
    page = person.open("/")
    page.evaluate("""() => { const s = document.createElement('script'); s.textContent = 'window.gotIn = true'; document.body.append(s);
        document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror="window.gotIn = true">'); }""")
    page.wait_for_function("() => document.images[document.images.length - 1].complete")
    assert page.evaluate("window.gotIn") is None
    assert any("Content Security Policy" in line for line in person.complaints)
    person.complaints.clear()


@pytest.mark.parametrize("path", ["/", "/dataset/", "/user/login", "/organization/", "/api/3/action/status_show"])
def test_every_answer_has_its_protecting_headers(site: Site, path: str) -> None:
    headers = {name.lower(): value for name, value in site.get(path).headers.items()}
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"]
    if "html" in headers["content-type"]:
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "script-src" not in policy or "unsafe" not in policy.split("script-src")[1].split(";")[0]


@pytest.fixture(scope="module")
def private_thread(site: Site, dataset: dict[str, Any]) -> dict[str, Any]:
    """Give a conversation of the agency about a private dataset: `{"thread", "dataset", "secret"}`."""
    secret = f"confidentiel-{secrets.token_hex(6)}"
    made = site.as_role("admin", "package_create", name=secret, owner_org=dataset["owner_org"], private=True,
                        title_translated={"fr": secret, "en": secret}, notes_translated={"fr": secret, "en": secret})
    asked = site.as_role("agency", "participation_thread_create", subject_id=made["name"], title=f"Titre {secret}", body=f"Texte {secret}")
    return {"thread": asked, "dataset": made["name"], "secret": secret}


@pytest.mark.parametrize("who", [None, "citizen"])
def test_a_conversation_about_private_data_is_not_there_for_others(visitor: Any, site: Site, private_thread: Any, who: str | None) -> None:
    person = visitor()
    page = person.open("/user/login")
    if who:
        person.sign_in(page, site.accounts[who]["name"], site.accounts[who]["password"])
    name, number = private_thread["dataset"], private_thread["thread"]["id"]
    for path in (f"/participation/thread/{number}", f"/participation/dataset/{name}/threads", f"/participation/dataset/{name}/threads/new",
                 f"/dataset/{name}"):
        for language in ("", "/fr"):
            reply = page.goto(site.url + language + path)
            assert reply.status == 404, path
            assert private_thread["secret"] not in page.content().replace(name if "/thread/" not in path else "", ""), path
    for path in ("/", "/dataset/?q=" + private_thread["secret"].split("-")[0]):
        page.goto(site.url + path)
        assert private_thread["secret"] not in page.content()


@pytest.mark.parametrize(("action", "key"), [("participation_thread_show", "id"), ("participation_comment_list", "thread_id")])
@pytest.mark.parametrize("who", [None, "citizen"])
def test_the_api_does_not_give_it_either(site: Site, private_thread: Any, action: str, key: str, who: str | None) -> None:
    token = site.accounts[who]["api_token"] if who else None
    refused = site.call(action, token, **{key: private_thread["thread"]["id"]})
    assert refused.status in {403, 404}
    assert private_thread["secret"] not in refused.body


def test_the_agency_reads_its_own_private_conversation(visitor: Any, site: Site, private_thread: Any) -> None:
    agency, person = site.accounts["agency"], visitor()
    page = person.open("/user/login")
    person.sign_in(page, agency["name"], agency["password"])
    reply = page.goto(f"{site.url}/participation/thread/{private_thread['thread']['id']}")
    assert reply.status == 200
    assert private_thread["secret"] in page.locator("h1").inner_text()


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_form_of_another_site_changes_nothing(
    visitor: Any, site: Site, dataset: dict[str, Any], someone: Any, signed_in: bool
) -> None:
    """The browser sends the request with what cookies it may, and says that it comes from elsewhere."""
    account, person = someone(), visitor()
    page = person.open("/user/login")
    if signed_in:
        person.sign_in(page, account["name"], account["password"])
    foreign = page.context.new_page()
    foreign.goto(f"data:text/html,<form method=post id=f action='{site.url}/participation/dataset/{dataset['name']}/threads/new'>"
                 "<input name=title value=Volé><input name=body value=Volé><input name=kind value=question></form>")
    with foreign.expect_navigation() as gone:
        foreign.evaluate("document.getElementById('f').submit()")
    assert gone.value.status in {400, 403}
    rows = site.call("participation_thread_list", subject_id=dataset["name"], limit=100).result["results"]
    assert "Volé" not in [row["title"] for row in rows]
