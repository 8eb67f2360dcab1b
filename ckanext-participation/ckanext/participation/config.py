"""Typed readers of this extension's options: the only place that reads them (declared in `config_declaration.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.exceptions import CkanConfigurationException

SECRETS = ("SECRET_KEY", "WTF_CSRF_SECRET_KEY", "api_token.jwt.encode.secret", "api_token.jwt.decode.secret")
SHORTEST_SECRET = 20
PLACEHOLDERS = ("changeme", "change-me", "change_me", "change me", "placeholder", "secret", "password", "example")


def text_bytes() -> int:
    """Return the most bytes (UTF-8) that one citizen's text may have."""
    return tk.config["participation.text.max_bytes"]


def posts_per_hour() -> int:
    """Return how many texts one person may post in an hour."""
    return tk.config["participation.limits.posts_per_hour"]


def posts_per_minute() -> int:
    """Return how many texts one person may post in a minute."""
    return tk.config["participation.limits.posts_per_minute"]


def hold_links() -> int:
    """Return the number of links from which a text by somebody new is held for review."""
    return tk.config["participation.visibility.hold_links"]


def new_person_days() -> int:
    """Return for how many days an account counts as new."""
    return tk.config["participation.visibility.new_person_days"]


def read_only() -> bool:
    """Say whether nobody may post at the moment."""
    return tk.config["participation.threads.read_only"]


def translation_expected() -> bool:
    """Say whether an organisation's answer counts as waiting for its translation unless its author says otherwise."""
    return tk.config["participation.threads.translation_expected"]


def count_seconds() -> int:
    """Return how long a change waits before the counters of its subject are counted anew."""
    return tk.config["participation.threads.count_seconds"]


def kept_seconds() -> int:
    """Return how long a web process keeps a drawn page of messages for readers who are not signed in."""
    return tk.config["participation.threads.kept_seconds"]


def votes() -> bool:
    """Say whether a message may also be marked as not useful."""
    return tk.config["participation.threads.votes"]


def reactions_per_minute() -> int:
    """Return how many supports, follows and ratings one person may change in a minute."""
    return tk.config["participation.limits.reactions_per_minute"]


def reactions_per_hour() -> int:
    """Return how many supports, follows and ratings one person may change in an hour."""
    return tk.config["participation.limits.reactions_per_hour"]


def fetch_allow() -> frozenset[str]:
    """Return the addresses (`host:port` or a network such as 10.0.0.0/8) that may be fetched although they are not public."""
    return frozenset(tk.config["participation.fetch.allow"])


def fetch_seconds() -> int:
    """Return the total seconds one outgoing request may take."""
    return tk.config["participation.fetch.seconds"]


def fetch_bytes() -> int:
    """Return the most bytes that one outgoing request may bring."""
    return tk.config["participation.fetch.max_bytes"]


def outbox_seconds() -> int:
    """Return the seconds that the outbox' process waits when there is nothing to send."""
    return tk.config["participation.outbox.seconds"]


def sweep_seconds() -> int:
    """Return the seconds between two sweeps of lost subjects."""
    return tk.config["participation.subjects.sweep_seconds"]


def outbox_attempts() -> int:
    """Return how often a mail is tried before it is left for a person to look at."""
    return tk.config["participation.outbox.attempts"]


def mail_languages() -> list[str]:
    """Return the languages of a mail, in their order."""
    return tk.config["participation.outbox.languages"]


def fetch_contact() -> str:
    """Return what other sites' servers are told to write to about being asked, or an empty text."""
    return tk.config["participation.fetch.contact"]


def harvest_night() -> tuple[int, int]:
    """Return the hour of the day at which the nights of harvests begin, 0 to 23, and how many hours they have, 1 to 24."""
    begins, hours = tk.config["participation.harvest.night_begins"], tk.config["participation.harvest.night_hours"]
    return begins % 24, min(max(hours, 1), 24)


def harvest_clock_seconds() -> int:
    """Return the seconds between two looks at the harvest sources' timetable."""
    return tk.config["participation.harvest.clock_seconds"]


def harvest_seconds() -> int:
    """Return the total seconds that reading one harvest source may take."""
    return tk.config["participation.harvest.seconds"]


def harvest_batches() -> bool:
    """Return whether harvested records are written in batches, where the site's plugins let them."""
    return tk.config["participation.harvest.batches"]


def harvest_at_once() -> int:
    """Return how many harvest jobs run beside each other."""
    return tk.config["participation.harvest.at_once"]


def harvest_waiting() -> int:
    """Return how many further harvest jobs run while as many wait for their sources."""
    return tk.config["participation.harvest.waiting"]


def harvest_workers() -> int:
    """Return how many processes write the records of one harvest job; 0 writes them in the one that reads."""
    return tk.config["participation.harvest.workers"]


def harvest_statements() -> int:
    """Return the most statements of its own that are read of one dataset of an RDF catalogue."""
    return tk.config["participation.harvest.max_statements"]


def harvest_bytes() -> int:
    """Return the most bytes that reading one harvest source may bring."""
    return tk.config["participation.harvest.max_bytes"]


def offering_folder() -> Path | None:
    """Return where the files of the whole catalogue are kept; None for a site that has no folder to store anything."""
    own, storage = tk.config["participation.offering.folder"], tk.config.get("ckan.storage_path")
    return Path(own) if own else Path(storage) / "participation" / "feeds" if storage else None


def offering_minutes() -> int:
    """Return how many minutes at least lie between two builds of the whole catalogue's files; 0 for none by the clock."""
    return tk.config["participation.offering.minutes"]


def solr_url() -> str:
    """Return the address of the second Solr core, or an empty text."""
    return tk.config["participation.search.solr_url"]


def content_security_policy() -> str:
    """Return the Content-Security-Policy header of every page; empty for none."""
    return tk.config["participation.security.csp"]


def refuse_placeholders(config: Mapping[str, Any]) -> None:
    """Refuse to start with a secret that a person forgot to choose, or with mail encryption that checks no certificate.

    Raises CkanConfigurationException, which names the option and says what to put there.
    """
    for key in SECRETS:
        value = str(config.get(key) or "").removeprefix("string:")
        if value and (len(value) < SHORTEST_SECRET or any(word in value.lower() for word in PLACEHOLDERS)):
            raise CkanConfigurationException(
                f"{key} is a placeholder or shorter than {SHORTEST_SECRET} characters: put the output of `openssl rand -base64 32` there")
    if tk.asbool(config.get("smtp.starttls")) and not config["participation.security.starttls"]:
        raise CkanConfigurationException(
            "smtp.starttls is on, but this CKAN does not verify the mail server's certificate (CVE-2026-41132): turn it off and "
            "relay through a local server, or set participation.security.starttls = true once CKAN is patched")


def languages() -> list[str]:
    """Return the languages of the site's texts: the default first, then the others of French and English."""
    default = tk.config["ckan.locale_default"].split("_")[0]
    first = default if default in {"fr", "en"} else "en"
    return [first, "en" if first == "fr" else "fr"]


def signup_open() -> bool:
    """Say whether anyone may make an account."""
    return tk.config["participation.people.signup"]


def people_names() -> str:
    """Return which name readers see: `chosen`, `account` or `staff`."""
    return tk.config["participation.people.names"]


def terms_url() -> str:
    """Return the address of the terms of use, or an empty text."""
    return tk.config["participation.people.terms_url"]


def link_hours() -> int:
    """Return for how many hours the link that confirms an address works."""
    return tk.config["participation.people.link_hours"]


def reset_hours() -> int:
    """Return for how many hours the link that sets a new password works."""
    return tk.config["participation.people.reset_hours"]


def keep_unconfirmed_days() -> int:
    """Return after how many days an account that was never confirmed is removed."""
    return tk.config["participation.people.keep_unconfirmed_days"]


def sign_in_attempts() -> int:
    """Return how many wrong passwords one address may give for one account in 15 minutes."""
    return tk.config["participation.people.attempts"]


def signups_per_hour() -> int:
    """Return how many sign-ups one network address may send in an hour."""
    return tk.config["participation.people.signups_per_hour"]


def proxies() -> list[str]:
    """Return the networks of the site's own reverse proxies."""
    return tk.config["participation.people.proxies"]


def picture_bytes() -> int:
    """Return the most bytes that one uploaded picture may have."""
    return tk.config["participation.images.max_bytes"]


def pictures_per_hour() -> int:
    """Return how many pictures one person may upload in an hour."""
    return tk.config["participation.images.per_hour"]


def export_licence() -> str:
    """Return the address of the licence under which exports of conversations may be reused, or an empty text."""
    return tk.config["participation.exports.licence"]


_PAGES = {
    "organisations": "participation.pages.organisations", "assets": "participation.pages.assets", "views": "participation.pages.views",
    "follows": "participation.pages.follows", "once": "participation.pages.once", "languages": "participation.pages.languages",
    "access": "participation.pages.access", "accounts": "participation.pages.accounts", "names": "participation.pages.names",
    "markdown": "participation.pages.markdown", "structured": "participation.pages.structured",
    "words": "participation.pages.words",
}


def pages(measure: str) -> bool:
    """Say whether this measure for cheaper pages is on."""
    return tk.config[_PAGES[measure]]


def index_seconds() -> int:
    """Return how long a message waits before it is sent to the search."""
    return tk.config["participation.search.index_seconds"]


def links_per_day() -> int:
    """Return how many requests a day the checking of files' addresses may make; 0 for none."""
    return tk.config["participation.links.per_day"]


def links_per_run() -> int:
    """Return how many addresses, each of another host, are asked side by side."""
    return tk.config["participation.links.per_run"]


def link_pause() -> int:
    """Return the seconds for which a host is left alone after a request."""
    return tk.config["participation.links.host_pause"]


def link_seconds() -> int:
    """Return the total seconds that asking one address may take."""
    return tk.config["participation.links.seconds"]


def previews_per_minute() -> int:
    """Return how many previews of texts one person may ask for in a minute."""
    return tk.config["participation.limits.previews_per_minute"]
