"""What templates ask about threads."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation.common import people, subjects
from ckanext.participation.threads import rules

__all__ = ["participation_kind_label", "participation_latest_threads", "participation_may_speak_for", "participation_state_label",
           "participation_subject", "participation_thread_kinds"]


def participation_kind_label(kind: str) -> str:
    """Return the name of a thread's kind in the reader's language."""
    return {"question": tk._("Question"), "problem": tk._("Problem report"), "suggestion": tk._("Suggestion"),
            "thanks": tk._("Thanks")}.get(kind, kind)


def participation_state_label(state: str) -> str:
    """Return the name of a thread's state in the reader's language."""
    return {"open": tk._("Open"), "answered": tk._("Answered"), "closed": tk._("Closed"), "locked": tk._("Locked")}.get(state, state)


def participation_thread_kinds() -> list[dict[str, str]]:
    """Return the kinds for a form: `[{"value", "label", "help"}]`."""
    helps = {"question": tk._("You do not understand something, or miss something."),
             "problem": tk._("The data or a file is wrong, broken or out of date."),
             "suggestion": tk._("You know how it could be better."), "thanks": tk._("It was useful: say for what.")}
    return [{"value": kind, "label": participation_kind_label(kind), "help": helps[kind]} for kind in rules.KINDS]


def participation_latest_threads(limit: int = 5) -> dict[str, Any]:
    """Return the site's latest conversations that the reader may see: `{"results": [thread], "count": number}`."""
    return tk.get_action("participation_thread_latest")({}, {"limit": limit})


def participation_may_speak_for(organization_id: str | None) -> bool:
    """Say whether the reader may answer in the organisation's name."""
    return bool(tk.current_user.is_authenticated and people.speaks_for(tk.current_user.id, organization_id))


def participation_subject(subject_type: str, subject_id: str) -> dict[str, Any]:
    """Return what a conversation is about, for a reader who may see it: `{"type", "id", "title", "url", "organization_id"}`.

    Raises NotAuthorized, ObjectNotFound, or ValidationError for an unknown type.
    """
    found = subjects.read({"user": tk.current_user.name, "auth_user_obj": tk.current_user}, subject_type, subject_id)
    return {"type": subject_type, "id": found["ref"], "title": found.get("label") or found["title"], "url": found["url"],
            "organization_id": found["organization_id"]}
