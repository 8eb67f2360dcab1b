"""The same catalogue in a site of ours and in a stock one, made by CKAN's actions: `python -m bench.catalogue INI make|views …`.

Runs inside CKAN, in a process of its own. Where a field of ours has no place in stock CKAN's schema, the dataset there carries it as
an extra, as portals without an extension do; texts in two languages are there in one.
"""

from __future__ import annotations

import json
import secrets
import sys
from typing import TYPE_CHECKING, Any

from bench import shapes

if TYPE_CHECKING:
    from ckan.types import Context

ORGANIZATIONS = 5
STAFF = 3


def main(words: list[str]) -> dict[str, Any]:
    """Run the command named second in the site of the settings file named first; return what it made."""
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    ini, command, *rest = words
    app = make_app(CKANConfigLoader(ini).get_config())
    with app._wsgi_app.test_request_context():
        if command == "upgrade":
            return upgrade()
        if command == "make":
            return make(rest[0] == "ours", int(rest[1]), int(rest[2]), int(rest[3]))
        return views(rest)


def upgrade() -> dict[str, Any]:
    """Bring the database's schema up to date."""
    import click.testing
    from ckan.cli.db import upgrade as command

    done = click.testing.CliRunner().invoke(command, [])
    if done.exit_code:
        raise SystemExit(str(done.exception or done.output))
    return {}


def admin() -> Context:
    """Return a context with the site's own rights."""
    import ckan.plugins.toolkit as tk

    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": user["name"], "ignore_auth": True}


def make(ours: bool, datasets: int, people: int, signed_in: int) -> dict[str, Any]:
    """Make accounts, organisations and datasets.

    Returns `{"datasets": {name: {"id", "resources"}}, "organization": id, "people": [{"name", "id", "password", "token"}]}`; the first
    of `people` have passwords that they use (`signed_in` of them), all have tokens. The datasets `three` and `twenty` have that many
    resources, all others two.
    """
    import ckan.plugins.toolkit as tk
    from ckan.lib import search

    persons = [_person(f"citizen-{number}", token=True, password=number < signed_in) for number in range(people)]
    staff = [_person(f"staff-{number}", token=True, password=True) for number in range(STAFF)]
    organizations = []
    for number in range(ORGANIZATIONS):
        members = [{"name": person["name"], "capacity": "editor"} for person in staff] if number == 0 else []
        organizations.append(tk.get_action("organization_create")(admin(), {
            **shapes.organization(number, ours=ours), "users": members})["id"])
    # Documents reach the search together, at the end.
    tk.config["ckan.search.solr_commit"] = False
    made = {}
    sizes = [("three", 3), ("twenty", 20), *((f"dataset-{number}", 2) for number in range(max(0, datasets - 2)))]
    for place, (name, resources) in enumerate(sizes):
        row = tk.get_action("package_create")(admin(), shapes.dataset(
            place, name, organizations[0 if place < 2 else place % ORGANIZATIONS], resources, ours=ours))
        made[name] = {"id": row["id"], "resources": [resource["id"] for resource in row["resources"]]}
    search.commit()
    return {"datasets": made, "organization": organizations[0], "people": persons, "staff": staff}


def views(names: list[str]) -> dict[str, Any]:
    """Give the files of the datasets `names` the previews that CKAN's own view plugins make of them."""
    import ckan.plugins.toolkit as tk

    count = 0
    for name in names:
        for resource in tk.get_action("package_show")(admin(), {"id": name})["resources"]:
            kind = {"JSON": "text_view", "XML": "text_view", "PNG": "image_view"}.get(resource["format"])
            if kind:
                tk.get_action("resource_view_create")(admin(), {"resource_id": resource["id"], "view_type": kind, "title": "Preview"})
                count += 1
    return {"views": count}


def _person(name: str, *, token: bool, password: bool) -> dict[str, Any]:
    import ckan.plugins.toolkit as tk

    word = secrets.token_urlsafe(18)
    user = tk.get_action("user_create")(admin(), {"name": name, "fullname": name.replace("-", " ").title(),
                                                  "email": f"{name}@bench.example", "password": word})
    made = {"name": name, "id": user["id"], "password": word if password else None}
    if token:
        made["token"] = tk.get_action("api_token_create")(admin(), {"user": name, "name": "bench"})["token"]
    return made


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
