"""The sources of the catalogue and how each stands, for everybody; what waits for a person, for those who publish by them."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common.errors import words_of
from ckanext.participation.harvesting.action.health import SORTS

__all__ = ["blueprints"]

sources = Blueprint("participation_harvest_sources", __name__, url_prefix="/participation/harvest")

Data = dict[str, Any]
ON_A_PAGE = 50


def listed() -> Response:
    """List the sources."""
    given = {name: request.args.get(name, "").strip() for name in ("q", "state", "sort", "organization")}
    page = _page_asked_for()
    offset = (page - 1) * ON_A_PAGE
    try:
        found = _ask("participation_harvest_health_list", limit=ON_A_PAGE, offset=offset, **given)
    except tk.ValidationError:
        # Whoever wrote the address meant something that there is not.
        return tk.abort(404, tk._("There is no such page."))
    pages = -(-found["count"] // ON_A_PAGE)
    return make_response(tk.render("participation/harvesting/sources.html", {
        "found": found, "given": given, "sorts": SORTS, "page": page, "all": sum(found["states"].values()),
        "prev": _listed_at(given, page - 1) if page > 1 else None, "next": _listed_at(given, page + 1) if page < pages else None}))


def show(source: str) -> Response:
    """Show one source: how it stands, its runs, what one of them said; only how far a run is when the page asks for that by itself."""
    health = _or_404("participation_harvest_health_show", id=source)
    now = health["runs"][0] if health["runs"] else None
    if "HX-Request" in request.headers:
        if now and now["progress"]:
            return make_response(tk.render("participation/harvesting/snippets/run_progress.html", {"source": health, "run": now}))
        # All of the page is another one now.
        return make_response("", 200, {"HX-Refresh": "true"})
    chosen = request.args.get("run") or next((run["id"] for run in health["runs"] if run["ended"]), "")
    run = _or_404("participation_harvest_run_show", id=chosen) if chosen else None
    if run and run["source_id"] != health["id"]:
        return tk.abort(404, tk._("There is no such run of this source."))
    asked = _ask("participation_harvest_held_list", source=health["id"], limit=5)["results"] if health["staff"] else []
    return make_response(tk.render("participation/harvesting/source.html", {
        "source": health, "now": now if now and now["progress"] else None, "run": run, "asked": asked}))


def start(source: str) -> Response:
    """Have the source read now."""
    done = _do("participation_harvest_run_start", id=source)
    if done:
        tk.h.flash_success(tk._("The source is being read. You see below how far it is.") if done["new"]
                           else tk._("A run of this source is under way already. You see below how far it is."))
    return redirect(tk.url_for("participation_harvest_sources.show", source=source))


def stop(source: str) -> Response:
    """Have a run stop."""
    done = _do("participation_harvest_run_stop", id=request.form.get("run", ""))
    if done and done["ended"]:
        tk.h.flash_success(tk._("This run had ended already."))
    elif done:
        tk.h.flash_success(tk._("The run stops after the portion that it is at. What it wrote stays."))
    return redirect(tk.url_for("participation_harvest_sources.show", source=source))


def mails(source: str) -> Response:
    """Have mails about the source sent to the reader, or not."""
    health = _or_404("participation_harvest_health_show", id=source)
    done = _do("participation_follow_set", target_type="harvest_source", target_id=health["id"], value=request.form.get("value"))
    if done and done["following"]:
        tk.h.flash_success(tk._("You get a mail when this source fails twice in a row, or a removal waits for a person."))
    elif done:
        tk.h.flash_success(tk._("You get no more mails about this source."))
    return redirect(tk.url_for("participation_harvest_sources.show", source=source))


def held(held_id: int) -> Response:
    """Show a removal that waits for a person: where mails lead, so that who is not signed in is asked to, and comes back."""
    if not tk.current_user.is_authenticated:
        return redirect(tk.url_for("user.login", came_from=tk.url_for("participation_harvest_sources.held", held_id=held_id)))
    return make_response(_held_page(held_id))


def settle(held_id: int) -> Response:
    """Confirm or refuse a removal."""
    return _decide(held_id, "participation_harvest_held_settle", decision=request.form.get("decision", ""))


def undo(held_id: int) -> Response:
    """Take the answer back."""
    return _decide(held_id, "participation_harvest_held_reopen")


def _decide(held_id: int, action: str, **data: Any) -> Response:
    try:
        done = _ask(action, id=held_id, **data)
    except tk.ValidationError as error:
        return make_response(_held_page(held_id, words_of(error)), 409)
    except (tk.NotAuthorized, tk.ObjectNotFound) as error:
        return tk.abort(403 if tk.current_user.is_authenticated else 401, str(error))
    said = {"confirmed": tk._("Confirmed. The next run removes these datasets; until then you can take it back."),
            "refused": tk._("Refused. The datasets stay; you are not asked about them again."),
            "open": tk._("Taken back. The removal waits for a person again.")}
    tk.h.flash_success(said[done["state"]])
    return redirect(tk.url_for("participation_harvest_sources.held", held_id=held_id))


def _held_page(held_id: int, problem: str = "") -> str:
    page = _page_asked_for()
    found = _or_404("participation_harvest_held_show", id=held_id, limit=ON_A_PAGE, offset=(page - 1) * ON_A_PAGE)
    return tk.render("participation/harvesting/held.html", {
        "held": found, "page": page, "pages": -(-found["count"] // ON_A_PAGE), "problem": problem})


def _page_asked_for() -> int:
    written = request.args.get("page", "1")
    return max(1, int(written)) if written.isdecimal() and written.isascii() and len(written) < 7 else 1


def _ask(action: str, **data: Any) -> Data:
    return tk.get_action(action)({}, data)


def _or_404(action: str, **data: Any) -> Data:
    try:
        return _ask(action, **data)
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return tk.abort(404, tk._("There is no such page, or you may not see it. If you have an account, sign in and try again."))


def _do(action: str, **data: Any) -> Data | None:
    """Do what a button says; what is wrong is said on the page that has the button."""
    try:
        return _ask(action, **data)
    except tk.ValidationError as error:
        tk.h.flash_error(words_of(error))
    except (tk.NotAuthorized, tk.ObjectNotFound) as error:
        return tk.abort(403 if tk.current_user.is_authenticated else 401, str(error))
    return None


def _listed_at(given: Data, page: int) -> str:
    return tk.url_for("participation_harvest_sources.listed", page=page, **{name: value for name, value in given.items() if value})


sources.add_url_rule("/sources", "listed", listed)
sources.add_url_rule("/sources/<source>", "show", show)
sources.add_url_rule("/sources/<source>/run", "start", start, methods=["POST"])
sources.add_url_rule("/sources/<source>/stop", "stop", stop, methods=["POST"])
sources.add_url_rule("/sources/<source>/mails", "mails", mails, methods=["POST"])
sources.add_url_rule("/held/<int:held_id>", "held", held)
sources.add_url_rule("/held/<int:held_id>", "settle", settle, methods=["POST"])
sources.add_url_rule("/held/<int:held_id>/undo", "undo", undo, methods=["POST"])

blueprints = [sources]
