"""The generated `ckan.ini` of a home: one of `config/*.ini` plus this machine's addresses and secrets."""

from __future__ import annotations

import os
from dataclasses import dataclass

import postgres
import redis_server
from errors import StackError
from layout import ROOT, Home, write_private

PLACEHOLDERS = ("changeme", "change-me", "change_me", "placeholder", "secret", "password", "example", "xxx")


@dataclass(frozen=True)
class Services:
    """Addresses of the services, and which of them are ours to start."""

    database: str
    redis: str
    solr: str
    solr_participation: str
    smtp: str
    storage: str
    own: tuple[str, ...]


def services(home: Home) -> Services:
    """Read DATABASE_URL, REDIS_URL, SOLR_URL, SOLR_PARTICIPATION_URL, SMTP_SERVER and STORAGE_PATH; what is not set, is ours."""
    env = os.environ
    own = []
    if not env.get("DATABASE_URL"):
        own.append("postgres")
    if not env.get("REDIS_URL"):
        own.append("redis")
    if not env.get("SOLR_URL"):
        own.append("solr")
    if not env.get("SMTP_SERVER"):
        own.append("smtp")
    solr = env.get("SOLR_URL") or f"http://127.0.0.1:{home.ports['solr']}/solr/ckan"
    second = env.get("SOLR_PARTICIPATION_URL") or solr.rsplit("/", 1)[0] + "/participation"
    return Services(
        database=env.get("DATABASE_URL") or postgres.url(home),
        redis=env.get("REDIS_URL") or redis_server.url(home),
        solr=solr,
        solr_participation=second,
        smtp=env.get("SMTP_SERVER") or f"127.0.0.1:{home.ports['smtp']}",
        storage=env.get("STORAGE_PATH") or str(home.path / "storage"),
        own=tuple(own),
    )


def write_ini(home: Home, profile: str, found: Services, extra: dict[str, str] | None = None) -> None:
    """Write `ckan.ini` (mode 600), which builds on `config/<profile>.ini`.

    Raises StackError when a secret is a placeholder.
    """
    for name, value in home.secrets.items():
        if len(value) < 20 or any(word in value.lower() for word in PLACEHOLDERS):
            raise StackError(f"the secret {name} in {home.path / 'secrets.json'} is a placeholder: delete that file to have one made")
    values = {
        "ckan.site_url": home.site_url,
        "sqlalchemy.url": found.database,
        "ckan.redis.url": found.redis,
        "solr_url": found.solr,
        "participation.search.solr_url": found.solr_participation,
        "smtp.server": found.smtp,
        "ckan.storage_path": found.storage,
        "cache_dir": str(home.path / "cache"),
        "licenses_group_url": f"file://{home.path / 'licences.json'}",
        "SECRET_KEY": home.secrets["secret_key"],
        "WTF_CSRF_SECRET_KEY": home.secrets["csrf_key"],
        "api_token.jwt.encode.secret": "string:" + home.secrets["token_key"],
        "api_token.jwt.decode.secret": "string:" + home.secrets["token_key"],
        **(extra or {}),
    }
    lines = ["# Written by config/stack at every start: change config/*.ini or the environment instead.",
             "[DEFAULT]", "[app:main]", f"use = config:{ROOT / 'config' / (profile + '.ini')}"]
    lines += [f"{name} = {value.replace('%', '%%')}" for name, value in values.items()]
    write_private(home.ini, "\n".join(lines) + "\n")
