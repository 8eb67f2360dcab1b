"""Who is told that a licence changed, and in which words. Plain text, as the mails of conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import mails, moments, people
from ckanext.participation.common.model import Subject
from ckanext.participation.common.translated import in_language
from ckanext.participation.licences import box
from ckanext.participation.licensing import history
from ckanext.participation.licensing.model import LicenceChange

Event = dict[str, Any]

# Files named in a mail; the page names them all.
MOST_FILES = 10

WORDS = {
    "en": {
        "changed": "The licence changed: {title}", "explained": "Why the licence changed: {title}",
        "whole": "{title} was under “{before}”. Now: “{after}”.",
        "files": "These files of {title} were under “{before}”. Now: “{after}”.",
        "stated": "The licence is stated now.", "same": "It allows and asks the same.", "widened": "It allows more than before.",
        "narrowed": "It allows less than before.", "mixed": "In some points it allows more, in others less.",
        "dropped": "No licence is stated any more.", "unclear": "What is allowed now is not clear.",
        "stays": "What you obtained before {date} stays under “{before}”.",
        "more_files": "and {number} more", "read": "Read what changed: {url}",
        "says": "{organisation} says:", "organisation": "The organisation",
        "waits": "Readers wait for a word from you: why did it change? One or two sentences are enough: {url}",
        "list": "Changes of your data that wait for a word: {number}. They are not mailed one by one, and one word can be for all that are "
                "alike: {url}",
        "why_staff": "You receive this because you answer for the organisation that publishes these data.",
        "why_follower": "You receive this because you follow this dataset. To stop: open it and press “Unfollow”.",
    },
    "fr": {
        "changed": "La licence a changé : {title}", "explained": "Pourquoi la licence a changé : {title}",
        "whole": "{title} était sous « {before} ». Maintenant : « {after} ».",
        "files": "Ces fichiers de {title} étaient sous « {before} ». Maintenant : « {after} ».",
        "stated": "La licence est maintenant indiquée.", "same": "Elle permet et demande la même chose.",
        "widened": "Elle permet plus qu’avant.", "narrowed": "Elle permet moins qu’avant.",
        "mixed": "Sur certains points, elle permet plus; sur d’autres, moins.", "dropped": "Aucune licence n’est plus indiquée.",
        "unclear": "Ce qui est permis maintenant n’est pas clair.",
        "stays": "Ce que vous avez obtenu avant le {date} reste sous « {before} ».",
        "more_files": "et {number} autres", "read": "Lire ce qui a changé : {url}",
        "says": "{organisation} dit :", "organisation": "L’organisme",
        "waits": "Les lecteurs attendent un mot de votre part : pourquoi ce changement? Une ou deux phrases suffisent : {url}",
        "list": "Changements de vos données qui attendent une explication : {number}. Ils ne sont pas envoyés un par un, et une même "
                "explication peut valoir pour tous ceux qui se ressemblent : {url}",
        "why_staff": "Vous recevez ce courriel parce que vous répondez pour l’organisme qui publie ces données.",
        "why_follower": "Vous recevez ce courriel parce que vous suivez ce jeu de données. Pour arrêter : ouvrez-le et appuyez sur "
                        "« Ne plus suivre ».",
    },
}  # fmt: skip


def changed_recipients(event: Event) -> list[str]:
    """Return who follows the dataset and, for the first change of an hour that needs their word, those who speak for its organisation.

    A harvest can change a thousand datasets at once: its organisation is told once, and finds the others in its list. Who follows many
    of them gets one mail for all (`digests`).
    """
    told = _followers(event)
    subject = model.Session.get(Subject, event["subject_id"])
    ids = [one.id for one in LicenceChange.these(ids_of(event)) if one.state != "noted"]
    if subject and subject.organization_id and ids:
        at = datetime.fromisoformat(event["at"])
        if LicenceChange.first_of_its_hour(subject.organization_id, ids, at):
            told = people.speakers_of(subject.organization_id) + told
    return mails.others(event, told, _subject(event))


def explained_recipients(event: Event) -> list[str]:
    """Return who follows the dataset."""
    return mails.others(event, _followers(event), _subject(event))


def changed_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail about changed terms."""
    words, subject, rows = WORDS[lang], _subject(event), LicenceChange.these(ids_of(event))
    title, staff = _title(subject, lang), event["recipient"] in people.speakers_of(subject.organization_id)
    parts = [part for row in rows for part in _told(row, title, lang)]
    parts.append(words["read"].format(url=mails.url("participation_licence_changes.history", lang, ref=name_of(subject))))
    waits = [row for row in rows if row.state == "open"]
    if staff and waits:
        parts.append(words["waits"].format(url=mails.url("participation_licence_changes.explain", lang, change_id=waits[0].id)))
        parts.append(words["list"].format(number=LicenceChange.count_waiting(subject.organization_id or ""), url=mails.url(
            "participation_licence_changes.waiting", lang, organization=subject.organization_id)))
    parts.append(words["why_staff" if staff else "why_follower"])
    return words["changed"].format(title=title), "\n\n".join(parts)


def explained_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail with the organisation's words."""
    words, subject, rows = WORDS[lang], _subject(event), LicenceChange.these([int(event["target_id"])])
    title, organisation = _title(subject, lang), rows[0].explained_for or subject.organization_id
    name = organisation_name(organisation, lang) or words["organisation"]
    parts = [*(part for row in rows for part in _told(row, title, lang)), words["says"].format(organisation=name), event["data"]["reason"],
             words["read"].format(url=mails.url("participation_licence_changes.history", lang, ref=name_of(subject))),
             words["why_follower"]]
    return words["explained"].format(title=title), "\n\n".join(parts)


def address(event: Event) -> tuple[str, str] | None:
    """Return where a mail goes: nowhere any more when the dataset turned private, or went, while it waited."""
    return mails.address(event, _subject(event))


def _told(row: LicenceChange, title: str, lang: str) -> list[str]:
    words, before, after = WORDS[lang], history.name_of(row.before, lang), history.name_of(row.after, lang)
    parts = [words["whole" if row.files is None else "files"].format(title=title, before=before, after=after) + " " + words[row.kind]]
    if row.files is not None:
        names = [f"- {file['name'] or file['id']}" for file in row.files[:MOST_FILES]]
        if len(row.files) > MOST_FILES:
            names.append(f"- {words['more_files'].format(number=len(row.files) - MOST_FILES)}")
        parts.append("\n".join(names))
    if row.before not in (box.NOT_SPECIFIED, box.UNRECOGNISED):
        day = moments.moment(row.at, lang, tk.h.get_display_timezone(), hours=False, now=None).text
        parts.append(words["stays"].format(date=day, before=before))
    return parts


def ids_of(event: Event) -> list[int]:
    return [one["id"] for one in event["data"]["changes"]]


def _subject(event: Event) -> Subject:
    subject = model.Session.get(Subject, event["subject_id"])
    if subject is None:
        raise LookupError(f"subject {event['subject_id']} is missing")
    return subject


def name_of(subject: Subject) -> str:
    return subject.name or subject.ref


def _title(subject: Subject, lang: str) -> str:
    package = model.Package.get(subject.ref)
    return in_language((package.extras or {}).get("title_translated"), lang, subject.title) if package else subject.title


def organisation_name(ref: str | None, lang: str) -> str:
    found: Any = model.Group.get(ref)
    return in_language((found.extras or {}).get("title_translated"), lang, found.title or found.name) if found else ""


def _followers(event: Event) -> list[str]:
    """Return the active accounts that follow the dataset, as CKAN keeps it."""
    followed = model.UserFollowingDataset
    return list(model.Session.scalars(
        sa.select(model.User.id).join(followed, followed.follower_id == model.User.id)
        .where(followed.object_id == _subject(event).ref, model.User.state == model.State.ACTIVE).order_by(model.User.id)))
