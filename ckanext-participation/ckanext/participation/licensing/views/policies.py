"""The page on which an organisation chooses its licences and sees what lies outside of the choice."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common.errors import summary_of
from ckanext.participation.licensing.policies import offered

__all__ = ["blueprints"]

policies = Blueprint("participation_licence_policies", __name__, url_prefix="/participation/organization/<organization>/licences")

Data = dict[str, Any]


def show(organization: str) -> str:
    """Show the choice, the licences in use, and the datasets that the choice leaves out."""
    return _page(organization, [])


def choose(organization: str) -> Response:
    """Change the choice."""
    try:
        done = tk.get_action("participation_licence_policy_set")({}, {
            "id": organization, "allowed": request.form.getlist("allowed"), "default": request.form.get("default")})
    except tk.ValidationError as error:
        return make_response(_page(organization, summary_of(error)), 409)
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    tk.h.flash_success(tk._("Saved. Forms offer these licences from now on; datasets that are there keep theirs.") if done["allowed"]
                       else tk._("Saved. Forms offer every licence again."))
    return redirect(tk.url_for("participation_licence_policies.show", organization=organization))


def _page(organization: str, errors: list[Data]) -> str:
    asked = {"id": organization} | ({"after": request.args["after"]} if request.args.get("after") else {})
    try:
        report = tk.get_action("participation_licence_policy_report")({}, asked)
        policy = tk.get_action("participation_licence_policy_show")({}, {"id": organization})
        about = tk.h.participation_subject("organization", organization)
    except tk.ValidationError:
        return tk.abort(404, tk._("There is no such page."))
    except tk.NotAuthorized as error:
        return tk.abort(403 if tk.current_user.is_authenticated else 401, str(error))
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    chosen = {"allowed": request.form.getlist("allowed"), "default": request.form.get("default")} if errors else policy
    return tk.render("participation/licensing/policy.html", {
        "organization": about, "report": report, "policy": chosen, "errors": errors, "licences": offered(policy["allowed"]),
        "may_choose": tk.h.check_access("participation_licence_policy_set", {"id": organization})})


policies.add_url_rule("", "show", show)
policies.add_url_rule("", "choose", choose, methods=["POST"])

blueprints = [policies]
