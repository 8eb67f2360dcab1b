"""What the demonstration starts with: three accounts, three harvest sources, and one conversation. Run inside CKAN by the stack.

Every step looks first whether it was done, so that a second start changes nothing.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

SOURCES = Path(__file__).with_name("sources.json")


def run(home: Path, replay_port: int) -> None:
    """Create accounts, organisations and sources; start each source's first job; note the sources' ids in `demo.json`."""
    accounts = make_accounts(home)
    rows = json.loads(SOURCES.read_text())["sources"]
    ids = [make_source(row, replay_port) for row in rows]
    join(accounts["agency"]["name"], rows[0]["organization"]["name"])
    (home / "demo.json").write_text(json.dumps({"sources": ids}))


def admin_context() -> Context:
    """Return a context with the site's own rights."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": user["name"], "ignore_auth": True}


def make_accounts(home: Path) -> dict[str, dict[str, str]]:
    """Create administrator, agency editor and citizen with passwords and API tokens of their own; keep them in credentials.json."""
    path = home / "credentials.json"
    if path.exists():
        return json.loads(path.read_text())["accounts"]
    accounts = {}
    for role, fullname in (
        ("admin", "Catalogue administrator"),
        ("agency", "Agency editor"),
        ("citizen", "Camille Citoyenne"),
    ):
        name, password = f"demo-{role}", secrets.token_urlsafe(18)
        data = {"name": name, "fullname": fullname, "email": f"{name}@demo.example", "password": password}
        if model.User.get(name):
            tk.get_action("user_update")(admin_context(), {**data, "id": name})
        else:
            tk.get_action("user_create")(admin_context(), data)
        if role == "admin":
            tk.get_action("user_patch")(admin_context(), {"id": name, "sysadmin": True})
        token = tk.get_action("api_token_create")(admin_context(), {"user": name, "name": "demo"})["token"]
        accounts[role] = {"name": name, "password": password, "api_token": token}
    text = json.dumps({"site_url": tk.config["ckan.site_url"], "accounts": accounts}, indent=1)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    return accounts


def make_source(row: dict[str, Any], replay_port: int) -> str:
    """Create a harvest source with its organisation, and its first job; return its id."""
    organization = row["organization"]
    if not model.Group.get(organization["name"]):
        tk.get_action("organization_create")(admin_context(), organization)
    existing = model.Package.get(row["name"])
    url = f"http://127.0.0.1:{replay_port}{row['path']}"
    if existing:
        return existing.id
    source = tk.get_action("harvest_source_create")(
        admin_context(),
        {
            "name": row["name"],
            "title": row["title"]["en"],
            "notes": row.get("notes", {}).get("en", ""),
            "url": url,
            "source_type": row["source_type"],
            "frequency": row["frequency"],
            "owner_org": model.Group.get(organization["name"]).id,
            "config": json.dumps(row["config"]) if row.get("config") else "",
        },
    )
    tk.get_action("harvest_job_create")(admin_context(), {"source_id": source["id"], "run": True})
    return source["id"]


def join(user: str, organization: str) -> None:
    """Make the account an editor of the organisation."""
    tk.get_action("organization_member_create")(
        admin_context(), {"id": organization, "username": user, "role": "editor"}
    )
