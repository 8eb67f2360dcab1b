"""What every request passes: the cross-origin guard, security headers, and errors that keep what a person wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.config.middleware.flask_app import ckan_before_request
from ckan.lib.search.common import SolrConnectionError
from ckan.types import CKANApp
from flask import Response, g, make_response, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import RequestEntityTooLarge

from ckanext.participation import config
from ckanext.participation.common import bodies, cross_origin, former_token
from ckanext.participation.common.errors import ForeignOrigin

Renderer = Callable[[str], str]
_renderers: dict[str, Renderer] = {}


def keeps_text(endpoint: str, renderer: Renderer) -> None:
    """Say how the form of `endpoint` is shown again when its request was refused before the view ran.

    `renderer(message)` renders the form with what `request.form` holds and the message on top.
    """
    _renderers[endpoint] = renderer


def install(app: CKANApp) -> CKANApp:
    """Add guards, headers and error pages to the application."""
    for name in ("MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE"):
        # CKAN declares these as internal: it neither reads them as numbers nor hands them to Flask.
        if tk.config.get(name):
            app.config[name] = int(tk.config[name])
    before = app.before_request_funcs.setdefault(None, [])
    before.insert(before.index(ckan_before_request) + 1, bodies.refuse)
    before[:0] = [bodies.limit, former_token.take]
    app.before_request(cross_origin.guard)
    app.before_request(former_token.give_back)
    app.after_request(_headers)
    app.register_error_handler(RecursionError, _too_deep)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(ForeignOrigin, _plain_error)
    app.register_error_handler(CSRFError, _stale_token)
    app.register_error_handler(OperationalError, _storage_away)
    app.register_error_handler(InterfaceError, _storage_away)
    app.register_error_handler(SolrConnectionError, _search_away)
    return app


def _headers(response: Response) -> Response:
    seconds = g.get("participation_retry_after")
    if seconds and response.status_code >= 400:
        response.status_code = 429
        response.headers["Retry-After"] = str(seconds)
    if g.get("participation_unavailable") and response.status_code >= 400:
        response.status_code = 503
        response.headers["Retry-After"] = "30"
    policy = config.content_security_policy()
    if policy and response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    return response


def _wants_json() -> bool:
    return request.path.startswith("/api/") or "/api/" in request.path[:8]


def _json_error(kind: str, message: str, status: int, headers: dict[str, str] | None = None) -> Response:
    body = {"success": False, "error": {"__type": kind, "message": message}}
    return Response(json.dumps(body, ensure_ascii=False), status, headers, mimetype="application/json")


def _page(message: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """Show the form again with its text where one was sent, else a plain error page."""
    renderer = _renderers.get(request.endpoint or "")
    if renderer is not None and request.method == "POST":
        html = renderer(message)
    else:
        html = tk.render("participation/error.html", {"message": message, "code": status})
    return make_response(html, status, headers or {})


def _too_deep(_error: RecursionError) -> Response:
    return _json_error("Bad Request", tk._("The request nests too deeply to be read."), 400)


def _too_large(_error: RequestEntityTooLarge) -> Response:
    if _wants_json():
        return _json_error("Request Entity Too Large", tk._("The request is too large, so nothing was stored. Send less at once."), 413)
    # Without the form: nothing of it was read.
    message = tk._("What you sent is too large, so it was not read. Go back with your browser: what you wrote is still there. Shorten the "
                   "text or choose smaller pictures, and press the button again.")
    return make_response(tk.render("participation/error.html", {"message": message, "code": 413}), 413)


def _plain_error(error: Any) -> Response:
    if _wants_json():
        return _json_error("Authorization Error", str(error.description), error.code)
    # No renderer here: what a foreign page wrote is not this reader's text.
    return make_response(tk.render("participation/error.html", {"message": error.description, "code": error.code}), error.code)


def _stale_token(error: CSRFError) -> Response:
    if _wants_json():
        return _json_error("Authorization Error", str(error.description), 400)
    return _page(tk._("Nothing was posted, because this form was open for too long, or you signed in or out since you opened it. Your "
                      "text is still here: check it and press the button again."), 400)


def _search_away(_error: SolrConnectionError) -> Response:
    message = tk._("The search does not answer at the moment. Datasets and conversations that you know the address of can still "
                   "be read. Try again in a minute.")
    return _page(message, 503, {"Retry-After": "30"})


def _storage_away(_error: Exception) -> Response:
    model.Session.remove()
    message = tk._("The catalogue cannot store anything at the moment. Nothing was posted. Copy your text and try again in a minute.")
    if _wants_json():
        return _json_error("Service Unavailable", message, 503, {"Retry-After": "30"})
    # Plain text without our templates: they ask the database for the reader's account.
    typed = ("title", "body", "problem_wrong", "problem_expected", "reason")
    kept = "\n\n".join(request.form[name] for name in typed if request.form.get(name))
    return Response(f"{message}\n\n{kept}\n", 503, {"Retry-After": "30"}, mimetype="text/plain")
