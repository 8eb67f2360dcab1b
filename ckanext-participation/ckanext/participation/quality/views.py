"""The to-do list of an organisation: what its data lack, as a page and as a file."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, request, stream_with_context

from ckanext.participation.common import export_files
from ckanext.participation.common.errors import words_of
from ckanext.participation.quality import lists, words

__all__ = ["blueprints"]

pages = Blueprint("participation_quality", __name__, url_prefix="/participation/organization/<organization>")

Data = dict[str, Any]
# How many of the most used datasets stand under each thing to do.
FIRST = 5
ON_PAGE = 20


def show(organization: str) -> str:
    """Show what there is to do, with the most used datasets of each; or, for one criterion, all of its datasets."""
    summary = _asked("participation_quality_summary", id=organization)
    shared = {"summary": summary, "organization": tk.h.participation_subject("organization", summary["organization_id"]), "words": words}
    wanted = request.args.get("criterion")
    if wanted:
        page = _asked("participation_quality_list", id=organization, criterion=wanted, limit=ON_PAGE,
                      after=request.args.get("after"))
        row = next(row for row in summary["criteria"] if row["id"] == wanted)
        return tk.render("participation/quality/criterion.html", {**shared, "row": row, "page": page})
    to_do = sorted((row for row in summary["criteria"] if row["missing"]), key=lambda row: -row["missing"])
    return tk.render("participation/quality/show.html", {**shared, "to_do": [
        {**row, "datasets": _asked("participation_quality_list", id=organization, criterion=row["id"], limit=FIRST)["results"]}
        for row in to_do]})


def as_file(organization: str) -> Response:
    """Send every dataset of the organisation with what was found of it, as CSV."""
    request.environ["__no_cache__"] = True
    summary = _asked("participation_quality_summary", id=organization)
    body = export_files.as_csv(lists.everything(summary["organization_id"]), lists.FIELDS)
    response = Response(stream_with_context(body), content_type="text/csv; charset=utf-8; header=present")
    response.headers["Content-Disposition"] = f'attachment; filename="{export_files.file_name(summary["organization"], "csv", "quality")}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _asked(action: str, **data: Any) -> Data:
    try:
        return tk.get_action(action)({}, {name: value for name, value in data.items() if value is not None})
    except tk.ValidationError as error:
        return tk.abort(400, words_of(error))
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return tk.abort(404, tk._("There is no such page, or you may not see it. If you have an account, sign in and try again."))


pages.add_url_rule("/quality", "show", show)
pages.add_url_rule("/quality.csv", "as_file", as_file)

blueprints = [pages]
