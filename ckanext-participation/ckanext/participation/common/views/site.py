"""The administrators' queue of held texts, and the preview that the forms ask for."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common.errors import words_by_field

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
    return redirect(tk.url_for("participation.queue"))


def _queue_page(errors: list[dict[str, Any]]) -> str:
    try:
        rows = tk.get_action("participation_queue_list")({}, {})["results"]
        orphans = tk.get_action("participation_subject_orphans")({}, {})["results"]
    except tk.NotAuthorized as error:
        tk.abort(403, str(error))
    return tk.render("participation/queue.html", {"rows": rows, "orphans": orphans, "errors": errors})


def preview() -> Response | str:
    """Return a fragment with the rendered text, for the preview button of the forms."""
    try:
        html = tk.get_action("participation_text_preview")({}, {"body": request.form.get("body", "")})["html"]
    except tk.NotAuthorized as error:
        tk.abort(403, str(error))
    except tk.ValidationError as error:
        return tk.render("participation/snippets/preview.html", {"html": "", "problem": " ".join(words_by_field(error).values())})
    return tk.render("participation/snippets/preview.html", {"html": html, "problem": ""})


common.add_url_rule("/queue", "queue", queue)
common.add_url_rule("/queue", "decide", decide, methods=["POST"])
common.add_url_rule("/preview", "preview", preview, methods=["POST"])

blueprints = [common]
