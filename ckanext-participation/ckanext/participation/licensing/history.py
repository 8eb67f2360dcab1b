"""The history of licences as actions and pages show it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.participation.common import memo, subjects
from ckanext.participation.common.model import Subject
from ckanext.participation.common.translated import in_language
from ckanext.participation.licences import box, further
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licences.register.terms import TERMS
from ckanext.participation.licences.rules import openness
from ckanext.participation.licensing import changes, rules
from ckanext.participation.licensing.model import LicenceChange

Data = dict[str, Any]
LANGUAGES = ("en", "fr")
# A name for what is no licence of the register.
UNNAMED = {
    box.NOT_SPECIFIED: {"en": "No licence stated", "fr": "Aucune licence indiquée"},
    box.UNRECOGNISED: {"en": "Licence not recognised", "fr": "Licence non reconnue"},
}


def of_dataset(found: Data, *, limit: int, after: int | None) -> Data:
    """Return the changes of a dataset that the reader may see."""
    subject = subjects.find("dataset", found["ref"])
    rows = LicenceChange.of_subject(subject.id) if subject else []
    began = _beginnings(rows)
    organisations = _organisations(rows)
    shown = [row for row in rows if after is None or row.id < after]
    about = {"id": found["ref"], "name": found["name"], "title": found.get("label") or found["title"], "url": found["url"]}
    package = model.Package.get(found["ref"])
    terms = changes.of_dataset(changes.stated(package).dataset, further.names()) if package else None
    whole = next((row for row in rows if row.files is None), None)
    since = whole.at if whole else changes.aware(package.metadata_created) if package else None
    return {
        "results": [as_dict(row, about, began[row.id], organisations) for row in shown[:limit]],
        "next": shown[limit - 1].id if len(shown) > limit else None,
        "now": _terms(terms.id, terms.words) | {"since": _iso(since)} if terms else None,
        "organization_id": found["organization_id"], "dataset": about,
    }


def waiting(found: Data, *, limit: int, after: int | None) -> Data:
    """Return what waits for an organisation's word."""
    rows = LicenceChange.waiting(found["ref"], limit=limit + 1, after=after)
    organisations: dict[str, Data] = {}
    return {
        "results": [as_dict(change, _about(subject, package), change.since, organisations) for change, subject, package in rows[:limit]],
        "next": rows[limit - 1][0].id if len(rows) > limit else None, "now": None,
        "count": LicenceChange.count_waiting(found["ref"]), "organization_id": found["ref"],
        "alike": [
            {"number": row.number, "id": row.latest, "kind": row.kind, "before": _terms(row.before, row.before_words),
             "after": _terms(row.after, row.after_words)}
            for row in (LicenceChange.waiting_alike(found["ref"]) if after is None else [])],
    }


def one(change: LicenceChange, subject: Subject) -> Data:
    """Return one change by itself."""
    return as_dict(change, _about(subject, model.Package.get(subject.ref)), change.since, _organisations([change]))


def as_dict(change: LicenceChange, about: Data, since: datetime | None, organisations: dict[str, Data]) -> Data:
    """Return a change as the API shows it; `since` is when the terms before it began to hold."""
    licences = bundled_register().licences
    before, after = licences.get(change.before), licences.get(change.after)
    told = rules.difference(before, after) if before and after and before.states_terms and after.states_terms else None
    names = ("gone", "asked", "forbidden", "new", "no_longer_asked", "no_longer_forbidden")
    explanation = {"text": change.explanation, "lang": change.explanation_lang, "at": _iso(change.explained_at),
                   "organization": organisations.get(change.explained_for or "")} if change.explanation else None
    return {
        "id": change.id, "at": _iso(change.at), "since": _iso(since), "kind": change.kind, "via": change.via,
        "before": _terms(change.before, change.before_words), "after": _terms(change.after, change.after_words),
        **{name: _worded(getattr(told, name)) if told else [] for name in names},
        "files": change.files, "state": change.state, "explanation": explanation, "dataset": about,
    }


def name_of(identifier: str, lang: str) -> str:
    """Return what to call a register id, `notspecified` or `unrecognised`."""
    if identifier in UNNAMED:
        return UNNAMED[identifier][lang]
    licence = bundled_register().licences.get(identifier)
    return licence.name(lang) if licence else identifier


def _terms(identifier: str, words: str) -> Data:
    licence = bundled_register().licences.get(identifier)
    known = licence if licence is not None and identifier != box.NOT_SPECIFIED else None
    return {
        "id": identifier, "names": {lang: name_of(identifier, lang) for lang in LANGUAGES}, "words": words, "openness": openness(known),
        "url": {lang: known.deed_url(lang) for lang in LANGUAGES} if known else None,
        "may": _worded(known.permissions) if known else [],
    }


def _worded(terms: Iterable[str]) -> list[dict[str, str]]:
    return [{"id": name, "icon": TERMS[name].icon, "en": TERMS[name].en, "fr": TERMS[name].fr} for name in terms if name in TERMS]


def _beginnings(rows: list[LicenceChange]) -> dict[int, datetime | None]:
    """Return since when what each change ended had held: the change before it of the same dataset or file, else what is stored."""
    began: dict[int, datetime | None] = {}
    last: dict[str, LicenceChange] = {}
    for row in reversed(rows):
        own = [last[file["id"]] for file in row.files or [] if file["id"] in last]
        whole = last.get("")
        # A file that said nothing of its own had what the dataset had, and had it since then.
        former = own or ([whole] if whole is not None and (row.files is None or whole.after == row.before) else [])
        began[row.id] = max(one.at for one in former) if former else row.since
        last |= dict.fromkeys([file["id"] for file in row.files] if row.files is not None else [""], row)
    return began


def _organisations(rows: list[LicenceChange]) -> dict[str, Data]:
    """Return the organisations whose words stand in these rows, in one statement each."""
    found: dict[str, Data] = {}
    for ref in {row.explained_for for row in rows if row.explained_for}:
        loaded = memo.once(("licence organisation", ref), lambda ref=ref: model.Group.get(ref))
        if loaded is not None:
            title = _in_reader_language(_extras(loaded).get("title_translated"), loaded.title or loaded.name)
            found[ref] = {"id": ref, "name": loaded.name, "title": title}
    return found


def _about(subject: Subject, package: Any) -> Data:
    """Return the dataset of a change for a list."""
    title = subject.title
    if package is not None:
        title = _in_reader_language((package.extras or {}).get("title_translated"), package.title or package.name)
    name = package.name if package is not None else subject.name or subject.ref
    return {"id": subject.ref, "name": name, "title": title, "url": tk.url_for("dataset.read", id=name)}


def _extras(group: Any) -> Data:
    return group.extras or {}


def _in_reader_language(translated: Any, otherwise: str) -> str:
    return in_language(translated, str(tk.h.lang()) if tk.request else None, otherwise)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
