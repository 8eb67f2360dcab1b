"""The measures one by one, below the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from flask_babel import force_locale

from ckanext.participation.common import memo
from ckanext.participation.pages import addresses, markdown


@pytest.mark.parametrize("root_path", [None, "/data", "/data/{{LANG}}", "/{{LANG}}/data"])
@pytest.mark.parametrize("here", ["/dataset/neige", "/fr/dataset/neige?q=a%20b&page=2"])
@pytest.mark.parametrize("locale", ["en", "fr", "default", "xx"])
def test_an_address_in_another_language_is_what_ckan_makes(
    app: Any, without: Callable[..., None], monkeypatch: pytest.MonkeyPatch, root_path: str | None, here: str, locale: str
) -> None:
    monkeypatch.setitem(tk.config, "ckan.root_path", root_path)
    with app.flask_app.test_request_context(here):
        for path in ("/dataset/neige", "/dataset/neige?q=a%20b&page=2", "/"):
            cheap = [tk.h.url_for(path, locale=locale) for _again in range(2)]
            without("languages")
            assert [tk.h.url_for(path, locale=locale)] * 2 == cheap
            monkeypatch.setitem(tk.config, "participation.pages.languages", True)


def test_an_address_without_a_path_is_left_to_ckan(app: Any) -> None:
    with app.flask_app.test_request_context("/"):
        assert addresses.of_path("dataset.search", "fr", tk.h.url_for) is None


def test_links_in_markdown_are_those_of_the_readers_language(app: Any) -> None:
    made = []
    for lang, default in (("en", True), ("fr", False), ("en", True)):
        with app.flask_app.test_request_context("/", environ_overrides={"CKAN_LANG": lang, "CKAN_LANG_IS_DEFAULT": default}):
            made.append(tk.h.render_markdown("See tag:snow"))
    assert made[0] == made[2]
    assert '"/fr/dataset/?tags=snow"' in made[1]
    assert '"/fr/' not in made[0]


def test_markdown_stays_clean_and_keeps_its_type(app: Any) -> None:
    with app.flask_app.test_request_context("/"):
        for _again in range(2):
            html = tk.h.render_markdown("<script>alert(1)</script> **a**")
            assert "<script>" not in html
            assert hasattr(html, "__html__")
            assert not hasattr(tk.h.markdown_extract("<b>a</b> & b"), "__html__")


def test_what_is_kept_of_markdown_is_bounded() -> None:
    for number in range(markdown.TEXTS * 2):
        markdown.rendered(f"text {number}", (), lambda: "html")
    assert len(markdown._kept) == markdown.TEXTS
    long = "a" * (markdown.LONGEST + 1)
    markdown.rendered(long, (), lambda: "html")
    assert not any(key[0] == long for key in markdown._kept)


def test_an_answer_is_kept_for_one_request_and_until_something_is_written(app: Any, clean_db: None) -> None:
    asked = []

    def ask() -> int:
        asked.append(1)
        return len(asked)

    with app.flask_app.test_request_context("/"):
        assert [memo.once("a", ask), memo.once("a", ask)] == [1, 1]
        model.Session.add(model.Group(name="new-group", title="New"))
        model.Session.flush()
        assert memo.once("a", ask) == 2
        model.Session.rollback()
        assert memo.once("a", ask) == 3
    with app.flask_app.test_request_context("/"):
        assert memo.once("a", ask) == 4


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_is_kept_while_something_may_be_changed(app: Any, method: str) -> None:
    asked: list[int] = []
    with app.flask_app.test_request_context("/", method=method):
        for _again in range(2):
            memo.once("a", lambda: asked.append(1))
    assert len(asked) == 2


def test_a_block_is_rendered_once_for_one_page(app: Any) -> None:
    """As CKAN's page.html does it: asked whether it is empty, then printed."""
    from jinja2 import DictLoader, Environment

    rendered: list[int] = []
    templates = {
        "page.html": "{% if self.side()|trim %}<div>{% block side %}{{ count() }}{% endblock %}</div>{% endif %}",
        "read.html": "{% extends 'page.html' %}{% block side %}{{ once('side', super) }}{% endblock %}",
    }
    with app.flask_app.test_request_context("/"):
        environment = Environment(loader=DictLoader(templates), autoescape=True)
        environment.globals |= {"count": lambda: rendered.append(1) or len(rendered), "once": tk.h.participation_once}
        pages = [environment.get_template("read.html").render() for _page in range(2)]
    assert pages == ["<div>1</div>", "<div>2</div>"]


def test_actions_keep_ckans_help(app: Any) -> None:
    with app.flask_app.test_request_context("/"):
        for name in ("package_show", "resource_view_list", "am_following_dataset", "organization_list_for_user"):
            assert ":rtype:" in tk.get_action("help_show")({"ignore_auth": True}, {"name": name})


def test_actions_that_read_can_still_be_asked_with_get(app: Any, clean_db: None) -> None:
    assert app.get("/api/3/action/package_show?id=no-such", status=404).json["error"]["__type"] == "Not Found Error"


WORDS = ("{{ _('Datasets') }}|{{ _('%(name)s & co', name='<b>') }}|{{ _('100%%') }}|{{ gettext('Datasets') }}|"
         "{{ ungettext('{number} message', '{number} messages', 2) }}|{% trans count=2 %}{{ count }} dataset{% pluralize %}{{ count }} datasets"
         "{% endtrans %}|{% autoescape false %}{{ _('%(name)s & co', name='<b>') }}{% endautoescape %}")


def test_words_are_those_of_the_language_that_is_spoken_at_the_moment(app: Any, without: Callable[..., None]) -> None:
    template = app.flask_app.jinja_env.from_string(WORDS)
    said: dict[bool, list[str]] = {}
    for kept in (True, False):
        if not kept:
            without("words")
        said[kept] = []
        for lang in ("en", "fr", "en"):
            with app.flask_app.test_request_context("/", environ_overrides={"CKAN_LANG": lang}):
                said[kept].append(template.render())
                # A part of a page in another language, such as a mail's text, and back again.
                with force_locale("fr" if lang == "en" else "en"):
                    said[kept].append(template.render())
                said[kept].append(template.render())
    assert said[True] == said[False]
    assert [words.partition("|")[0] for words in said[True][:3]] == ["Datasets", "Jeux de données", "Datasets"]
    assert "|&lt;b&gt; & co|100%|" in said[True][0]
    assert said[True][0].endswith("|<b> & co")
