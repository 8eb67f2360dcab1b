"""Who may read and begin conversations. Reading follows the subject; the actions ask the subject itself once they know it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common import memo, rights, subjects
from ckanext.participation.threads import gates
from ckanext.participation.threads.model import Thread

__all__ = ["participation_thread_create", "participation_thread_latest", "participation_thread_list", "participation_thread_overview",
           "participation_thread_show"]


@tk.auth_allow_anonymous_access
def participation_thread_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the subject, or could when a harvest removed it."""
    return reads(context, data_dict.get("subject_type") or "dataset", data_dict.get("subject_id"), removed=True)


@tk.auth_allow_anonymous_access
def participation_thread_latest(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone; the action leaves out what the reader may not see."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def participation_thread_overview(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the organisation; the action leaves out what the reader may not see."""
    return reads(context, "organization", data_dict.get("id"))


@tk.auth_allow_anonymous_access
def participation_thread_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the thread's subject."""
    return reads_thread(context, data_dict.get("id"))


@tk.auth_disallow_anonymous_access
def participation_thread_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the subject; the action says why nobody writes about one that a harvest removed."""
    return reads(context, data_dict.get("subject_type") or "dataset", data_dict.get("subject_id"), removed=True)


def reads(context: Context, type_name: Any, ref: Any, *, removed: bool = False) -> AuthResult:
    """Allow who may see the subject; with `removed` also who could when a harvest removed it."""
    return rights.reads(context, type_name, ref, tk._("You may not see this conversation."), removed=removed)


def reads_thread(context: Context, thread_id: Any) -> AuthResult:
    """Allow who may see the thread's subject, or could when a harvest removed it.

    A thread that does not exist and one that the reader may not see answer alike: numbers can't be tried out.
    """
    number = int(thread_id) if str(thread_id).isascii() and str(thread_id).isdigit() and len(str(thread_id)) < 19 else None
    # A page asks for a thread and for its messages: two actions.
    found = memo.once(("thread", number), lambda: Thread.with_subject(number)) if number is not None else None
    if found is None:
        return {"success": False, "msg": tk._("You may not see this conversation.")}
    # As CKAN's own auth functions do with a dataset: the action asks for the same row next.
    context[gates.IN_CONTEXT] = found  # type: ignore[literal-required]
    subject = found[1]
    if not subjects.remains(subject):
        return {"success": False, "msg": tk._("What this conversation was about is not in the catalogue at the moment.")}
    return reads(context, subject.type, subject.ref, removed=True)
