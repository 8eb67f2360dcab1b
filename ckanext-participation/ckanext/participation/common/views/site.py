"""The administrators' queue of held texts, and the preview that the forms ask for."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common.errors import words_by_field, words_of

__all__ = ["blueprints"]

common = Blueprint("participation", __name__, url_prefix="/participation")


def queue() -> str:
    """List what is held, with the buttons that decide."""
    return _queue_page([])


def decide() -> Response | tuple[str, int]:
    """Carry out a decision from the queue."""
    try:
        tk.get_action("participation_visibility_set")({}, {
            name: request.form.get(name) for name in ("kind", "id", "state", "reason")})
    except tk.ValidationError as error:
        return _queue_page([{"field": name, "id": f"reason-{request.form.get('id', '')}", "message": words}
                            for name, words in words_by_field(error).items()]), 409
    except tk.NotAuthorized as error:
        tk.abort(403, str(error))
    except tk.ObjectNotFound as error:
        tk.abort(404, str(error))
    tk.h.flash_success(tk._("Your decision is recorded, with its reason, and takes effect at once."))
    return redirect(tk.url_for("participation.queue", organization=request.form.get("organization") or None))


def attach() -> Response | tuple[str, int]:
    """Give the conversations about something that is gone to what the administrator named."""
    asked = {name: request.form.get(name) for name in ("subject", "target", "target_type")}
    try:
        now = tk.get_action("participation_subject_attach")({}, asked)
    except tk.ValidationError as error:
        return _queue_page([{"field": name, "id": f"{'type' if name == 'target_type' else 'target'}-{asked['subject'] or ''}",
                             "message": words} for name, words in words_by_field(error).items()]), 409
    except tk.NotAuthorized as error:
        tk.abort(403, str(error))
    tk.h.flash_success(tk._("The conversations now belong to “{title}”.").format(title=now["title"]))
    return redirect(tk.url_for("participation.queue", _anchor="orphans"))


def sweep() -> Response:
    """Look now for what came back."""
    try:
        done = tk.get_action("participation_subject_sweep")({}, {})
    except tk.NotAuthorized as error:
        tk.abort(403, str(error))
    found = done["returned"] + done["reattached"]
    tk.h.flash_success(tk.ungettext("{number} lost object was found again.", "{number} lost objects were found again.", found)
                       .format(number=tk.h.localised_number(found)))
    return redirect(tk.url_for("participation.queue", _anchor="orphans"))


def _queue_page(errors: list[dict[str, Any]]) -> str:
    name = request.values.get("organization")
    try:
        # An organisation's staff sees what is about its data; what is lost is the administrators'.
        about = tk.get_action("organization_show")({}, {"id": name, "include_datasets": False, "include_users": False}) if name else None
        rows = tk.get_action("participation_queue_list")({}, {"organization_id": about["id"]} if about else {})["results"]
        orphans = [] if about else tk.get_action("participation_subject_orphans")({}, {})["results"]
    except tk.ObjectNotFound as error:
        tk.abort(404, str(error))
    except tk.NotAuthorized as error:
        tk.abort(403, str(error))
    return tk.render("participation/queue.html", {"rows": rows, "orphans": orphans, "errors": errors, "organization": name or ""})


def preview() -> str | tuple[str, int]:
    """Return a fragment with the rendered text, for the preview button of the forms."""
    try:
        html = tk.get_action("participation_text_preview")({}, {"body": request.form.get("body", "")})["html"]
    except tk.NotAuthorized as error:
        tk.abort(403, str(error))
    except tk.ValidationError as error:
        page = tk.render("participation/snippets/preview.html", {"html": "", "problem": words_of(error)})
        return (page, 429) if "limit" in error.error_dict else page
    return tk.render("participation/snippets/preview.html", {"html": html, "problem": ""})


common.add_url_rule("/queue", "queue", queue)
common.add_url_rule("/queue", "decide", decide, methods=["POST"])
common.add_url_rule("/queue/attach", "attach", attach, methods=["POST"])
common.add_url_rule("/queue/sweep", "sweep", sweep, methods=["POST"])
common.add_url_rule("/preview", "preview", preview, methods=["POST"])

blueprints = [common]
