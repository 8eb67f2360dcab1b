"""The page on which a person picks datasets and reads whether they may be mixed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import ckan.plugins.toolkit as tk
from ckan.lib.search.common import SearchError
from flask import Blueprint, current_app, make_response, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common.errors import summary_of, words_of

from .compatibility.words import quoted
from .register import bundled_register
from .register.licence import language
from .register.terms import TERMS
from .schema import MOST_COMPARED

__all__ = ["blueprints"]

FOUND: Final = 8
LONGEST_SEARCH: Final = 200
LONGEST_LINE: Final = 500
# What decides; the rest is told in full below it.
TELLING: Final = ("share-alike", "no-commercial-use", "later", "compatible", "commercial-use", "produced-work", "files")

licences = Blueprint("participation_licences", __name__, url_prefix="/participation/licences")


def compatibility() -> Response:
    """Show the form, the datasets that were picked, and what may be made of them."""
    picked, typed = _picked(), request.args.get("names", "")[: MOST_COMPARED * LONGEST_LINE]
    more = [name for line in typed.splitlines() if (name := named_in(line))]
    asked = list(dict.fromkeys([*picked, *more]))
    kept_choice = {"files": "false"} if request.args.get("files") == "false" else {}
    answer: dict[str, Any] | None = None
    errors: list[dict[str, str]] = []
    if asked:
        try:
            answer = tk.get_action("participation_licence_compatibility")({}, {"id": asked, **kept_choice})
        except tk.ValidationError as error:
            messages: Any = error.error_dict.get("id", [])
            errors = [{"field": "names", "id": "field-names", "message": str(message)} for message in messages]
    if answer and more:
        names = [row["name"] for row in answer["inputs"] if row["files"] is None]
        return redirect(tk.url_for("participation_licences.compatibility", id=names, **kept_choice))
    shown = _shown(answer, tk.h.lang() or "en") if answer else None
    chosen = shown["datasets"] if shown else _readable(asked[:MOST_COMPARED])
    kept = [name for name in picked if name not in {row["name"] for row in chosen} | {row["dataset"] for row in chosen}] if errors else []
    page = tk.render("participation/licences/compatibility.html", {
        "answer": shown, "chosen": chosen, "most": MOST_COMPARED, "errors": errors, "kept_choice": kept_choice,
        "typed": "\n".join([*(name[:LONGEST_LINE] for name in kept[:MOST_COMPARED]), *([typed] if typed else [])]),
        **_search([row["name"] for row in chosen])})
    return make_response(page, 400 if errors else 200)


def find() -> Response:
    """Show what a search finds, as the part of the page that is exchanged while somebody types."""
    return make_response(tk.render("participation/licences/snippets/found.html", {**_search(_picked()), "fragment": True,
                         "kept_choice": {"files": "false"} if request.args.get("files") == "false" else {}}))


def credit(dataset: str) -> Response:
    """Show the credit of a dataset in every form that people paste, for the day on which they obtained it."""
    asked = {"id": dataset} | ({"retrieved": request.args["retrieved"]} if request.args.get("retrieved") else {})
    errors: list[dict[str, str]] = []
    try:
        try:
            made = tk.get_action("participation_licence_credit")({}, asked)
        except tk.ValidationError as error:
            if "retrieved" not in error.error_dict:
                return tk.abort(404, tk._("There is no such page."))
            errors = summary_of({"retrieved": words_of(error)})
            made = tk.get_action("participation_licence_credit")({}, {"id": dataset})
        pkg = tk.get_action("package_show")({}, {"id": dataset})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return tk.abort(404, tk._("There is no such page, or you may not see it. If you have an account, sign in and try again."))
    lang = language(tk.h.lang())
    page = tk.render("participation/licences/credit.html", {
        "pkg_dict": pkg, "made": made, "forms": made["forms"].get(lang, {}), "errors": errors,
        "retrieved": request.args.get("retrieved", "")[:40] or datetime.now(UTC).date().isoformat()})
    return make_response(page, 400 if errors else 200)


def _picked() -> list[str]:
    return list(dict.fromkeys(name for value in request.args.getlist("id") if (name := value.strip())))


def named_in(line: str) -> str:
    """Return the dataset that a line names: a name or id as it stands, or the one in the address of a dataset's page."""
    text = line.strip()[:LONGEST_LINE]
    if not re.match(r"https?://", text, re.IGNORECASE):
        return text
    try:
        path = urlsplit(text).path
    except ValueError:
        return text
    found = re.search(r"/dataset/([^/]+)", path)
    return unquote(found[1]) if found else text


def _search(chosen: list[str]) -> dict[str, Any]:
    """What the words that were typed find, without what is picked already."""
    words = request.args.get("q", "").strip()
    found: dict[str, Any] = {"q": words, "found": [], "searched": False, "search_problem": "", "full": len(chosen) >= MOST_COMPARED}
    found["picked_names"] = chosen
    if len(words) > LONGEST_SEARCH:
        found["search_problem"] = tk._("At most {number} characters").format(number=LONGEST_SEARCH)
    elif words:
        try:
            rows = _datasets(words, FOUND + len(chosen))
        except (SearchError, tk.ValidationError):
            found["search_problem"] = tk._("The search does not understand these words. Try fewer or other words.")
        else:
            rest = [row for row in rows if row["name"] not in chosen and row["id"] not in chosen]
            found.update(searched=True, found=[_line(row) for row in rest[:FOUND]])
    return found


def _datasets(words: str, limit: int) -> list[dict[str, Any]]:
    """The datasets that say these words; if none does, those whose title or name holds the letters typed so far."""
    search = tk.get_action("package_search")
    rows = search({}, {"q": words, "rows": limit, "facet": "false"})["results"]
    if rows:
        return rows
    names = [row["name"] for row in tk.get_action("package_autocomplete")({}, {"q": words, "limit": limit})]
    either = " OR ".join(f'"{name}"' for name in names)
    return search({}, {"fq": f"name:({either})", "rows": limit, "facet": "false"})["results"] if names else []


def _line(dataset: dict[str, Any]) -> dict[str, Any]:
    """A dataset in few words."""
    organisation = dataset.get("organization") or {}
    return {"name": dataset["name"], "title": _title(dataset), "organisation": organisation.get("title") or "",
            "licence": tk.h.participation_licence_box(dataset)["name"]}


def _readable(names: list[str]) -> list[dict[str, Any]]:
    """The datasets among these names that exist and that the reader may see, when another one is wrong."""
    rows: list[dict[str, Any]] = []
    for name in names:
        try:
            rows += tk.get_action("participation_licence_compatibility")({}, {"id": name})["inputs"]
        except (tk.ValidationError, tk.NotAuthorized, tk.ObjectNotFound):
            continue
    return [_input(row) for row in {row["dataset"]: row for row in rows if row["files"] is None}.values()]


def _title(dataset: dict[str, Any]) -> dict[str, str]:
    plain = str(dataset.get("title") or dataset.get("name") or "")
    translated = dataset.get("title_translated")
    if "participation_translated" in tk.h and isinstance(translated, dict):
        return tk.h.participation_translated(translated, fallback=plain)
    return {"text": plain, "lang": ""}


def _input(row: dict[str, Any]) -> dict[str, Any]:
    licence = bundled_register().get(row["licence"]) if row["licence"] else None
    unclear = licence is None or not licence.permissions
    return {**row, "title": _with_files(row), "url": tk.url_for("dataset.read", id=row["name"]),
            "licence_name": licence.name(tk.h.lang() or "en") if licence else "", "ask_url": _ask(row) if unclear else ""}


def _with_files(row: dict[str, Any]) -> dict[str, str]:
    """The title of a dataset, with the number of its files where a part of the answer is about these only."""
    title = _title(row)
    if row["files"] is None:
        return title
    words = tk.ungettext("{title} ({number} file)", "{title} ({number} files)", len(row["files"]))
    return {**title, "text": words.format(title=title["text"], number=len(row["files"]))}


def _ask(row: dict[str, Any]) -> str:
    """Where to ask the organisation about a licence, on a site that has conversations."""
    if "participation_conversations.new" not in current_app.view_functions:
        return ""
    return tk.url_for("participation_conversations.new", subject_type="dataset", subject_id=row["dataset"])


def _shown(answer: dict[str, Any], lang: str) -> dict[str, Any]:
    """The answer in the reader's language, with titles and addresses instead of ids."""
    lang = language(lang)
    register = bundled_register()
    inputs = [_input(row) for row in answer["inputs"]]
    title = {row["ref"]: row["title"] for row in inputs}

    def told(row: dict[str, Any]) -> dict[str, Any]:
        texts = [{"name": register.licences[name].short(lang), "url": register.licences[name].text_url(lang)} for name in row["licences"]]
        return {**row, "text": row[lang], "titles": [title[ref] for ref in row["inputs"]], "texts": [text for text in texts if text["url"]]}

    reasons = [told(row) for row in answer["because"]]
    decisive = [row for row in reasons if row["effect"] in ("refuses", "unknown") or row["term"] in TELLING]
    duties: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = {}
    for row in answer["duties"]:
        duties.setdefault((row["licence"], tuple(row["inputs"])), []).append(
            {**row, "text": row[lang], "icon": TERMS[row["term"]].icon, "clause": quoted(row["clause"])[lang] if row["clause"] else ""})
    return {
        **answer,
        "inputs": inputs,
        "datasets": [{**row, "parts": [one for one in inputs if one["files"] and one["dataset"] == row["dataset"]]}
                     for row in inputs if row["files"] is None],
        "other_files": any(row["files"] for row in inputs),
        "reasons": decisive or reasons,
        "further": [row for row in reasons if row not in decisive] if decisive else [],
        "ways": [{"kind": kind, "verdict": answer[kind]["verdict"], "because": [told(row) for row in answer[kind]["because"]]}
                 for kind in ("collection", "private_use")],
        "licences": [{"id": name, "name": licence.name(lang), "deed": licence.deed_url(lang), "local": bool(licence.jurisdiction)}
                     for name in answer["outbound"] if (licence := register.licences[name])],
        "to_do": [{"name": register.licences[name].name(lang), "deed": register.licences[name].deed_url(lang),
                   "titles": [title[ref] for ref in refs], "terms": rows} for (name, refs), rows in duties.items()],
        "credits": [{"title": title[row["ref"]], "line": row["lines"].get(lang, ""), "required": row["required"]}
                    for row in answer["credit_lines"] if row["lines"].get(lang)],
        "to_ask": list({row["dataset"]: row for row in reversed(inputs) if row["ask_url"] and row["counted"]}.values())[::-1],
    }


licences.add_url_rule("/credit/<dataset>", "credit", credit)
licences.add_url_rule("/compatibility", "compatibility", compatibility)
licences.add_url_rule("/compatibility/find", "find", find)

blueprints = [licences]
