"""What templates ask about threads."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from markupsafe import Markup

from ckanext.participation import config
from ckanext.participation.common import people, rights, subjects
from ckanext.participation.common.errors import words_of
from ckanext.participation.threads import attachments, counting, finding, gates, jsonld, rules, writing

__all__ = ["participation_colleagues", "participation_dataset_talk", "participation_kind_label", "participation_latest_threads",
           "participation_may_speak_for", "participation_picture_limits", "participation_read_only", "participation_state_label",
           "participation_subject", "participation_subject_files", "participation_thread_gate", "participation_thread_jsonld",
           "participation_thread_kinds", "participation_translation_expected", "participation_votes"]


def participation_kind_label(kind: str) -> str:
    """Return the name of a thread's kind in the reader's language."""
    return {"question": tk._("Question"), "problem": tk._("Problem report"), "suggestion": tk._("Suggestion"),
            "thanks": tk._("Thanks")}.get(kind, kind)


def participation_state_label(state: str) -> str:
    """Return the name of a thread's state in the reader's language."""
    return {"open": tk._("Open"), "answered": tk._("Answered"), "closed": tk._("Closed"), "locked": tk._("Locked"),
            "confirmed": tk._("Confirmed"), "fixed": tk._("Fixed"), "wont_fix": tk._("Will not be fixed")}.get(state, state)


def participation_thread_kinds() -> list[dict[str, str]]:
    """Return the kinds for a form: `[{"value", "label", "help"}]`."""
    helps = {"question": tk._("You do not understand something, or miss something."),
             "problem": tk._("The data or a file is wrong, broken or out of date."),
             "suggestion": tk._("You know how it could be better."), "thanks": tk._("It was useful: say for what.")}
    return [{"value": kind, "label": participation_kind_label(kind), "help": helps[kind]} for kind in rules.KINDS]


def participation_latest_threads(limit: int = 5) -> dict[str, Any]:
    """Return the site's latest conversations that the reader may see, and how many everybody may: `{"results", "next", "count"}`."""
    return tk.get_action("participation_thread_latest")({}, {"limit": limit}) | {"count": finding.public_count()}


def participation_may_speak_for(organization_id: str | None) -> bool:
    """Say whether the reader may answer in the organisation's name."""
    return bool(tk.current_user.is_authenticated and people.speaks_for(tk.current_user.id, organization_id))


def participation_subject(subject_type: str, subject_id: str) -> dict[str, Any]:
    """Return what a conversation is about, for a reader who may see it: `{"type", "id", "title", "url", "organization_id", "removed"}`.

    `removed` is since when only what was said about it can be read, or None.
    Raises NotAuthorized, ObjectNotFound, or ValidationError for an unknown type.
    """
    found = subjects.read({"user": tk.current_user.name, "auth_user_obj": tk.current_user}, subject_type, subject_id,
                          removed=True)
    return {"type": subject_type, "id": found["ref"], "title": found.get("label") or found["title"], "url": found["url"],
            "organization_id": found["organization_id"], "removed": found.get("removed")}


def participation_thread_jsonld(thread: dict[str, Any], comments: list[dict[str, Any]]) -> Markup:
    """Return what tells machines what the page shows, a thread and its messages as the actions give them, for a `script` element
    of the type `application/ld+json`.

    It is data, not a script: a Content-Security-Policy lets it through, and nothing that people wrote can end it early.
    """
    return Markup(jsonld.safe(jsonld.thread(thread, comments, tk.config["ckan.site_url"])))  # noqa: S704 (escaped by `safe`)


def participation_dataset_talk(dataset_ids: list[str]) -> dict[str, dict[str, int]]:
    """Return what is said about datasets, by their ids, in one statement; the caller shows only datasets that the reader may see."""
    return counting.of_datasets(dataset_ids)


def participation_picture_limits() -> dict[str, float]:
    """Return how many pictures a message takes, and how large one may be: `{"most", "megabytes"}`."""
    return {"most": attachments.MOST, "megabytes": round(config.picture_bytes() / 1_000_000, 1)}


def participation_votes() -> bool:
    """Say whether a message may also be marked as not useful here."""
    return config.votes()


def participation_read_only() -> bool:
    """Say whether nobody may post at the moment."""
    return config.read_only()


def participation_thread_gate(subject: dict[str, Any]) -> str:
    """Return why this reader can't write here, in a sentence; an empty text when nothing stands in the way (or nobody is signed in)."""
    try:
        gates.refuse_when_removed(subject)
        gates.refuse_when_read_only()
        if tk.current_user.is_authenticated:
            person = people.actor({"user": tk.current_user.name})
            organization_id = subject.get("organization_id")
            gates.refuse_when_switched_off(person, organization_id, gates.policy_of(organization_id))
    except tk.ValidationError as error:
        return words_of(error)
    return ""


def participation_subject_files(subject_type: str, subject_id: str) -> list[dict[str, str]]:
    """Return the files of a dataset (or of the dataset of a file) for a form's list: `[{"value", "text"}]`, for who may see it."""
    return writing.files_of(subject_type, subject_id)


def participation_colleagues(organization_id: str | None) -> list[dict[str, str]]:
    """Return who speaks for the organisation, for a form's list: `[{"value": account, "text": name}]`; for its staff only."""
    if not rights.reader_speaks_for(organization_id):
        return []
    users = [model.User.get(user_id) for user_id in people.speakers_of(organization_id)]
    return [{"value": user.name, "text": user.display_name} for user in users if user]


def participation_translation_expected() -> bool:
    """Say whether an organisation's answer waits for its translation unless its author says otherwise."""
    return config.translation_expected()
