"""Write a container's `ckan.ini` and licence list from its environment, or end with one line that names what is missing.

The same writer as `make up` uses (config/stack/settings.py); only where the secrets come from differs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "config" / "stack"))

import settings
from errors import StackError
from layout import Home

# The names that people set, and what they are called in a home's secrets.
SECRETS = {"SECRET_KEY": "secret_key", "CSRF_KEY": "csrf_key", "TOKEN_KEY": "token_key"}
ADDRESSES = ("SITE_URL", "DATABASE_URL", "REDIS_URL", "SOLR_URL", "SMTP_SERVER", "MAIL_FROM", "STORAGE_PATH")
SHORTEST = 32


def check(environment: dict[str, str]) -> None:
    """Raise StackError naming the first variable that is missing, too short, or a placeholder."""
    for name in (*ADDRESSES, *SECRETS):
        if not environment.get(name):
            raise StackError(f"{name} is not set: see docker/.env.example")
    secrets = {name: environment[name] for name in SECRETS}
    secrets |= {f"the password in {name}": urlsplit(environment[name]).password or "" for name in ("DATABASE_URL", "REDIS_URL")}
    for name, value in secrets.items():
        if len(value) < SHORTEST or any(word in value.lower() for word in settings.PLACEHOLDERS):
            raise StackError(f"{name} is too short or a placeholder: make one with openssl rand -hex 32")
    if len(set(secrets.values())) < len(secrets):
        raise StackError("two secrets are the same: make each its own")


def main() -> None:
    """Check the environment and write the files beside CKAN_INI."""
    environment = dict(os.environ)
    check(environment)
    folder = Path(environment["CKAN_INI"]).parent
    (folder / "cache").mkdir(exist_ok=True)
    home = Home(folder, 5000, secrets={inner: environment[name] for name, inner in SECRETS.items()})
    more = {"ckan.site_url": environment["SITE_URL"].rstrip("/"), "smtp.mail_from": environment["MAIL_FROM"],
            "participation.fetch.allow": environment.get("FETCH_ALLOW", "")}
    settings.write_ini(home, "production", settings.services(home), more)

    from ckanext.participation.licences.export import write_licences

    write_licences(folder / "licences.json")


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(str(error))
