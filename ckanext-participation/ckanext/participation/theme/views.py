"""The style guide: every component on one living page, for administrators."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import Blueprint

from ckanext.participation.theme import samples

__all__ = ["blueprints"]

participation_styleguide = Blueprint("participation_styleguide", __name__)


@participation_styleguide.route("/participation/styleguide")
def show() -> str:
    """Show each component with invented content."""
    try:
        tk.check_access("sysadmin", {})
    except tk.NotAuthorized:
        return tk.abort(403, tk._("The style guide is for administrators."))
    return tk.render("participation/theme/styleguide.html", samples.samples())


blueprints = [participation_styleguide]
