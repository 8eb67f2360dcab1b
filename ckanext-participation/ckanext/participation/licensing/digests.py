"""One mail about many changes: for who follows many of the datasets that one harvest changed, or that one word explains.

What changed in the same way is told together, with the first datasets by name; their histories say the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import moments, people
from ckanext.participation.common.mails import url
from ckanext.participation.common.model import Subject
from ckanext.participation.common.translated import in_language
from ckanext.participation.licences import box
from ckanext.participation.licensing import history, mails
from ckanext.participation.licensing.model import LicenceChange

Event = dict[str, Any]
Row = tuple[LicenceChange, Subject, Any]

# Long enough for a harvest of a thousand datasets; nothing is lost by waiting, because old terms stay for what was obtained under them.
GATHERED: Final = timedelta(minutes=30)
# Datasets named for each kind of change, and kinds told in one mail.
MOST_NAMED: Final = 10
MOST_TOLD: Final = 20

WORDS: Final = {
    "en": {
        "changed": "The licences of {number} datasets changed", "explained": "Why the licences of {number} datasets changed",
        "whole": "{number} datasets were under “{before}”. Now: “{after}”.",
        "files": "Files of {number} datasets were under “{before}”. Now: “{after}”.",
        "more": "and {number} more", "more_told": "Further kinds of changes: {number}. The page of each dataset shows them.",
        "waits": "Changes of your data that wait for a word: {number}. One word can be for all that are alike: {url}",
        "why_follower": "You receive this because you follow these datasets. To stop: open one and press “Unfollow”.",
    },
    "fr": {
        "changed": "Les licences de {number} jeux de données ont changé",
        "explained": "Pourquoi les licences de {number} jeux de données ont changé",
        "whole": "{number} jeux de données étaient sous «\u00a0{before}\u00a0». Maintenant\u00a0: «\u00a0{after}\u00a0».",
        "files": "Des fichiers de {number} jeux de données étaient sous «\u00a0{before}\u00a0». Maintenant\u00a0: «\u00a0{after}\u00a0».",
        "more": "et {number} autres",
        "more_told": "Autres sortes de changements\u00a0: {number}. La page de chaque jeu de données les montre.",
        "waits": "Changements de vos données qui attendent une explication\u00a0: {number}. Une même explication peut valoir pour tous "
                 "ceux qui se ressemblent\u00a0: {url}",
        "why_follower": "Vous recevez ce courriel parce que vous suivez ces jeux de données. Pour arrêter\u00a0: ouvrez-en un et appuyez "
                        "sur «\u00a0Ne plus suivre\u00a0».",
    },
}  # fmt: skip


def changed(events: list[Event], lang: str) -> tuple[str, str]:
    """Return subject and text of one mail about many changes."""
    rows = _rows(number for event in events for number in mails.ids_of(event))
    parts = _told(rows, lang, lambda _row: ())
    waits, recipient = False, events[0]["recipient"]
    for organization_id in sorted({subject.organization_id for row, subject, _ in rows if row.state == "open" and subject.organization_id}):
        if recipient in people.speakers_of(organization_id):
            waits = True
            parts.append(WORDS[lang]["waits"].format(number=LicenceChange.count_waiting(organization_id), url=url(
                "participation_licence_changes.waiting", lang, organization=organization_id)))
    parts.append(mails.WORDS[lang]["why_staff"] if waits else WORDS[lang]["why_follower"])
    return _subject("changed", rows, lang), "\n\n".join(parts)


def explained(events: list[Event], lang: str) -> tuple[str, str]:
    """Return subject and text of one mail with an organisation's word, or several, about many changes."""
    rows = _rows(int(event["target_id"]) for event in events)
    said = {int(event["target_id"]): event["data"]["reason"] for event in events}
    words = mails.WORDS[lang]

    def word(row: LicenceChange) -> tuple[str, ...]:
        name = mails.organisation_name(row.explained_for, lang) or words["organisation"]
        return (words["says"].format(organisation=name), said[row.id])

    parts = [*_told(rows, lang, word), WORDS[lang]["why_follower"]]
    return _subject("explained", rows, lang), "\n\n".join(parts)


def _rows(numbers: Iterable[int]) -> list[Row]:
    """Return changes with what they are about and its dataset, in three statements however many they are."""
    found = LicenceChange.these(list(numbers))
    about = {row.id: row for row in model.Session.scalars(sa.select(Subject).where(Subject.id.in_({one.subject_id for one in found})))}
    packages = {row.id: row for row in model.Session.scalars(
        sa.select(model.Package).where(model.Package.id.in_({row.ref for row in about.values()})))}
    return [(one, about[one.subject_id], packages.get(about[one.subject_id].ref)) for one in found]


def _told(rows: list[Row], lang: str, word: Callable[[LicenceChange], tuple[str, ...]]) -> list[str]:
    """Return paragraphs: what changed alike is one, with the first datasets by name, and `word` of it."""
    words, groups = WORDS[lang], dict[tuple[Any, ...], list[Row]]()
    for row in rows:
        one = row[0]
        groups.setdefault((one.files is None, one.before, one.after, one.kind, word(one)), []).append(row)
    parts: list[str] = []
    for (whole, before, after, kind, said), group in list(groups.items())[:MOST_TOLD]:
        was, is_ = history.name_of(before, lang), history.name_of(after, lang)
        datasets = list({subject.id: (subject, package) for _, subject, package in group}.values())
        titles = [_title(subject, package, lang) for subject, package in datasets[:MOST_NAMED]]
        sentence = (mails.WORDS if len(datasets) == 1 else WORDS)[lang]["whole" if whole else "files"]
        parts.append(f"{sentence.format(number=len(datasets), title=titles[0], before=was, after=is_)} {mails.WORDS[lang][kind]}")
        lines = [f"- {title}: {url('participation_licence_changes.history', lang, ref=mails.name_of(subject))}"
                 for title, (subject, _package) in zip(titles, datasets, strict=False)]
        if len(datasets) > MOST_NAMED:
            lines.append(f"- {words['more'].format(number=len(datasets) - MOST_NAMED)}")
        parts.append("\n".join(lines))
        if before not in (box.NOT_SPECIFIED, box.UNRECOGNISED):
            first = min(row.at for row, _, _ in group)
            day = moments.moment(first, lang, tk.h.get_display_timezone(), hours=False, now=None).text
            parts.append(mails.WORDS[lang]["stays"].format(date=day, before=was))
        parts += said
    if len(groups) > MOST_TOLD:
        parts.append(words["more_told"].format(number=len(groups) - MOST_TOLD))
    return parts


def _subject(name: str, rows: list[Row], lang: str) -> str:
    """Return the mail's subject: of one dataset that changed several times, its title."""
    datasets = {subject.id: (subject, package) for _, subject, package in rows}
    if len(datasets) == 1:
        return mails.WORDS[lang][name].format(title=_title(*next(iter(datasets.values())), lang))
    return WORDS[lang][name].format(number=len(datasets))


def _title(subject: Subject, package: Any, lang: str) -> str:
    return in_language((package.extras or {}).get("title_translated"), lang, subject.title) if package is not None else subject.title
