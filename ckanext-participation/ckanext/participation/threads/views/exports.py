"""Conversations as files: CSV and JSON of a dataset's, a file's or an organisation's, streamed page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, request, stream_with_context

from ckanext.participation import config
from ckanext.participation.common import export_files
from ckanext.participation.common.errors import words_of
from ckanext.participation.threads import exports

__all__ = ["blueprints"]

files = Blueprint("participation_exports", __name__, url_prefix="/participation")

TYPES = {"csv": "text/csv; charset=utf-8; header=present", "json": "application/json"}


def export(subject_type: str, subject_id: str, suffix: str) -> Response:
    """Send the file; its first page is read before anything is sent, so that a refusal is an error page."""
    asked = {"subject_type": subject_type, "subject_id": subject_id}
    # CKAN marks every other reply as good for anybody's cache.
    request.environ["__no_cache__"] = True
    try:
        if request.if_none_match:
            known = tk.get_action("participation_thread_export")({}, {**asked, "limit": 1})["fingerprint"]
            if known and request.if_none_match.contains_weak(f"{known}-{suffix}"):
                return Response(status=304, headers={"ETag": f'W/"{known}-{suffix}"', "Cache-Control": "private, no-cache"})
        first = tk.get_action("participation_thread_export")({}, asked)
    except tk.ValidationError as error:
        tk.abort(400, words_of(error))
    except (tk.NotAuthorized, tk.ObjectNotFound):
        tk.abort(404, tk._("There is no such page, or you may not see it. If you have an account, sign in and try again."))
    pages = _pages(first, asked)
    body = export_files.as_csv(pages, exports.FIELDS) if suffix == "csv" else export_files.as_json(pages)
    response = Response(stream_with_context(body), content_type=TYPES[suffix])
    name = export_files.file_name(first["subject"]["name"], suffix)
    response.headers["Content-Disposition"] = f'{"attachment" if suffix == "csv" else "inline"}; filename="{name}"'
    licence = config.export_licence()
    if licence:
        response.headers["Link"] = f'<{licence}>; rel="license"'
    response.headers["Cache-Control"] = "private, no-cache"
    if first["fingerprint"]:
        response.set_etag(f"{first['fingerprint']}-{suffix}", weak=True)
    return response


def _pages(page: dict[str, Any], asked: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Yield page after page; rights are asked anew for each, so a file that became private stops there."""
    while True:
        exports.release()
        yield page["results"]
        if page["next"] is None:
            return
        page = tk.get_action("participation_thread_export")({}, {**asked, "after": page["next"]})


for _suffix in TYPES:
    files.add_url_rule(f"/<subject_type>/<subject_id>/threads.{_suffix}", f"threads_{_suffix}", export, defaults={"suffix": _suffix})

blueprints = [files]
