"""A container's part of the stack: `container.py settings` writes its `ckan.ini`, `container.py answers` is its health check.

The settings are those of `make up` (settings.py); only where the secrets come from differs: the environment, which several
containers share, instead of a file made at first start.
"""

from __future__ import annotations

import os
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import settings
from errors import StackError
from layout import Home

# The names that people set, and what they are called in a home.
SECRETS = {"SECRET_KEY": "secret_key", "CSRF_KEY": "csrf_key", "TOKEN_KEY": "token_key"}
ADDRESSES = ("SITE_URL", "DATABASE_URL", "REDIS_URL", "SOLR_URL", "SMTP_SERVER", "MAIL_FROM", "STORAGE_PATH")
SHORTEST = 32


def check(environment: Mapping[str, str]) -> None:
    """Raise StackError naming the first variable that is missing, too short, a placeholder, or the same as another."""
    for name in (*ADDRESSES, *SECRETS):
        if not environment.get(name):
            raise StackError(f"{name} is not set: see docker/.env.example")
    secrets = {name: environment[name] for name in SECRETS}
    secrets |= {f"the password in {name}": urlsplit(environment[name]).password or "" for name in ("DATABASE_URL", "REDIS_URL")}
    for name, value in secrets.items():
        if len(value) < SHORTEST or any(word in value.lower() for word in settings.PLACEHOLDERS):
            raise StackError(f"{name} is too short or a placeholder: make one with openssl rand -hex 32")
    if len(set(secrets.values())) < len(secrets):
        raise StackError("two secrets are the same: make each its own with openssl rand -hex 32")


def write_settings(environment: Mapping[str, str]) -> None:
    """Check the environment, then write `ckan.ini` and the licence list into the folder of CKAN_INI."""
    check(environment)
    folder = Path(environment["CKAN_INI"]).parent
    (folder / "cache").mkdir(exist_ok=True)
    home = Home(folder, 5000, secrets={inner: environment[name] for name, inner in SECRETS.items()})
    more = {"ckan.site_url": environment["SITE_URL"].rstrip("/"), "smtp.mail_from": environment["MAIL_FROM"],
            "participation.fetch.allow": environment.get("FETCH_ALLOW", "")}
    settings.write_ini(home, "production", settings.services(home), more)

    from ckanext.participation.licences.export import write_licences

    # CKAN reads it at start: it must be there before any of the container's programmes.
    write_licences(folder / "licences.json")


def answers() -> None:
    """Raise unless the site in this container answers."""
    with urllib.request.urlopen("http://127.0.0.1:5000/api/3/action/status_show", timeout=8) as reply:
        reply.read()


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["settings"]:
            write_settings(os.environ)
        elif sys.argv[1:] == ["answers"]:
            answers()
        else:
            sys.exit("usage: container.py settings|answers")
    except StackError as error:
        sys.exit(str(error))
