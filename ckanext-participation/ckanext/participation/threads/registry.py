"""What threads enter for others: their events and mails, the dataset page's panel, the queue's kinds, what moves with a subject."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.participation.common import people
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.registry import EventType, ModerationKind, Panel, Registry
from ckanext.participation.threads import attachments, counting, finding, mails, queue, searching, targets, verifying, verifying_search
from ckanext.participation.threads.importing import entries as importing
from ckanext.participation.threads.model import Thread

ON_DATASET = 5


def register(registry: Registry) -> None:
    """Enter the room's events, panel, queue kind and mover."""
    registry.add(EventType("thread.created", mails.thread_recipients, mails.thread_wording, mails.address))
    registry.add(EventType("comment.created", mails.comment_recipients, mails.comment_wording, mails.address))
    registry.add(Panel("threads", "dataset", "participation/threads/snippets/panel.html", dataset_panel, order=10))
    registry.add(EventType("thread.state", mails.followers, mails.state_wording, mails.address))
    registry.add(EventType("thread.problem", mails.followers, mails.problem_wording, mails.address))
    registry.add(EventType("thread.answer", mails.answer_recipients, mails.answer_wording, mails.address))
    registry.add(EventType("thread.assigned", mails.assigned_recipients, mails.assigned_wording, mails.address))
    for name in ("comment.edited", "comment.translated", "comment.deleted", "organization.policy"):
        registry.add(EventType(name))
    registry.add(Panel("threads-of-removed", "removed", "participation/threads/snippets/removed.html", dataset_panel, order=10))
    registry.add(Panel("own-threads", "person", "participation/threads/snippets/own.html", person_panel, order=10))
    registry.add(ModerationKind("comment", queue.held, change, queue.owner))
    registry.add_mover("threads", Thread.move)
    targets.register(registry)
    attachments.register(registry)
    importing.register(registry)
    counting.register(registry)
    verifying.register(registry)
    verifying_search.register(registry)
    searching.register(registry)


def dataset_panel(pkg: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the conversation on a dataset's page shows, also in its place when a harvest removed it: the latest threads and where
    the rest is."""
    page = tk.get_action("participation_thread_list")({}, {"subject_id": pkg["id"], "limit": ON_DATASET})
    return {"threads": page["results"], "more": page["next"] is not None, "subject_id": pkg["name"], "subject_type": "dataset",
            "closed": any(row["subject"]["removed"] for row in page["results"])}


def person_panel(_account: dict[str, Any]) -> dict[str, Any] | None:
    """Return what somebody's own page shows of the conversations they began."""
    if not tk.current_user.is_authenticated:
        return None
    context: Any = {"user": tk.current_user.name, "auth_user_obj": tk.current_user}
    return finding.own(context, people.actor(context).person_id, limit=10)


def change(identifier: str, state: str, reason: str) -> dict[str, Any]:
    """Give a message (`thread#number`) another visibility, without committing; the first message takes its thread along."""
    thread_id, _, seq = identifier.partition("#")
    if not (thread_id.isascii() and thread_id.isdigit() and seq.isascii() and seq.isdigit() and len(thread_id) < 19 and len(seq) < 10):
        raise field_error("id", tk._("Must be the thread's and the message's number, such as 42#3."))
    changed = queue.change(int(thread_id), int(seq), state, reason)
    if changed is None:
        raise tk.ObjectNotFound(tk._("There is no message with this number."))
    model.Session.flush()
    return changed


__all__ = ["register"]
