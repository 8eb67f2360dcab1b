"""Who may read and write threads. Reading follows the subject; the actions ask the subject itself once they know it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common import subjects
from ckanext.participation.common.model import Subject
from ckanext.participation.threads.model import Thread

__all__ = ["participation_comment_create", "participation_comment_list", "participation_thread_create",
           "participation_thread_latest", "participation_thread_list", "participation_thread_show"]


@tk.auth_allow_anonymous_access
def participation_thread_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the subject."""
    return _reads(context, data_dict.get("subject_type") or "dataset", data_dict.get("subject_id"))


@tk.auth_allow_anonymous_access
def participation_thread_latest(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone; the action leaves out what the reader may not see."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def participation_thread_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the thread's subject."""
    return _reads_thread(context, data_dict.get("id"))


@tk.auth_allow_anonymous_access
def participation_comment_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the thread's subject."""
    return _reads_thread(context, data_dict.get("thread_id"))


@tk.auth_disallow_anonymous_access
def participation_thread_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the subject."""
    return _reads(context, data_dict.get("subject_type") or "dataset", data_dict.get("subject_id"))


@tk.auth_disallow_anonymous_access
def participation_comment_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the thread's subject."""
    return _reads_thread(context, data_dict.get("thread_id"))


def _reads(context: Context, type_name: str, ref: Any) -> AuthResult:
    try:
        subjects.type_of(type_name).check_read(context, ref if isinstance(ref, str) else "")
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return {"success": False, "msg": tk._("You may not see this conversation.")}
    return {"success": True}


def _reads_thread(context: Context, thread_id: Any) -> AuthResult:
    """A thread that does not exist and one that the reader may not see answer alike: numbers can't be tried out."""
    from ckan import model

    row = model.Session.get(Thread, int(thread_id)) if str(thread_id).isdigit() and len(str(thread_id)) < 19 else None
    subject = model.Session.get(Subject, row.subject_id) if row else None
    if subject is None:
        return {"success": False, "msg": tk._("You may not see this conversation.")}
    if subject.lost_at is not None:
        return {"success": False, "msg": tk._("What this conversation was about is not in the catalogue at the moment.")}
    return _reads(context, subject.type, subject.ref)
