"""The configuration of one harvest source: the JSON that its form takes, checked. Pure; the keys are in docs/harvesting.md."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import sentences

_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_PATTERN = re.compile(r"[^\x00-\x1f]{1,200}")
_LONGEST_TEXT = 10_000
FORMATS = (
    "turtle",
    "xml",
    "json-ld",
    "nt",
    "n3",
    "trig",
    "nquads",
    "text/turtle",
    "application/rdf+xml",
    "application/ld+json",
    "application/n-triples",
    "application/trig",
    "application/n-quads",
    "text/n3",
)


class BadSettings(ValueError):
    """The configuration says something that is not understood; the message names the key."""


@dataclass(frozen=True)
class Settings:
    """What a source's configuration asks for."""

    organizations: str = "publisher"
    organization_names: dict[str, dict[str, Any]] = field(default_factory=dict)
    language: str = ""
    remove_up_to: int = 20
    force_all: bool = False
    hooks: Literal["compat", "fast"] = "compat"
    activities: bool = True
    rdf_format: str = ""
    api_key: str = field(default="", repr=False)
    organizations_filter_include: tuple[str, ...] = ()
    organizations_filter_exclude: tuple[str, ...] = ()
    groups_filter_include: tuple[str, ...] = ()
    groups_filter_exclude: tuple[str, ...] = ()
    remote_groups: str = "ignore"
    group_names: dict[str, str] = field(default_factory=dict)
    default_groups: tuple[str, ...] = ()
    default_tags: tuple[str, ...] = ()
    keep_extras: tuple[str, ...] = ()
    default_extras: dict[str, str] = field(default_factory=dict)
    override_extras: bool = False
    # What the source was before it came to this type, so that it can go back; written by the switch.
    was: dict[str, Any] = field(default_factory=dict)


@functools.lru_cache(maxsize=64)
def read(written: str | None) -> Settings:
    """The settings of a source, not to be changed; raises BadSettings with a sentence that names the key."""
    if not written or not written.strip():
        return Settings()
    try:
        stated = json.loads(written)
    except (ValueError, RecursionError):
        raise BadSettings(sentences.NO_JSON(example='{"language": "fr"}')) from None
    if not isinstance(stated, dict):
        raise BadSettings(sentences.NO_OBJECT(example='{"language": "fr"}'))
    known = [one.name for one in fields(Settings)]
    unknown = sorted(set(stated) - set(known))
    if unknown:
        raise BadSettings(sentences.NO_KEY(keys=", ".join(unknown), known=", ".join(known[:-1])))
    for both in ("organizations", "groups"):
        if f"{both}_filter_include" in stated and f"{both}_filter_exclude" in stated:
            raise BadSettings(sentences.NOT_BOTH(one=f"{both}_filter_include", other=f"{both}_filter_exclude"))
    if "override_extras" in stated and "default_extras" not in stated:
        raise BadSettings(N_("override_extras says whether default_extras count more than the source's own: give default_extras too."))
    return Settings(**{key: _CHECKS[key](key, value) for key, value in stated.items()})


def _one_of(*allowed: str) -> Callable[[str, Any], str]:
    def check(key: str, value: Any) -> str:
        if value not in allowed:
            raise BadSettings(sentences.NO_CHOICE(key=key, choices=", ".join(allowed)))
        return value

    return check


def _boolean(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadSettings(sentences.NO_BOOLEAN(key=key))
    return value


def _percent(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
        raise BadSettings(sentences.NO_PERCENT(key=key))
    return value


def _secret(key: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]{1,2000}", value):
        raise BadSettings(sentences.NO_WORD(key=key))
    return value


def _names(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) and _NAME.fullmatch(name) for name in value):
        raise BadSettings(sentences.NO_NAMES(key=key, example='["city-of-quebec"]'))
    return tuple(value)


def _patterns(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and _PATTERN.fullmatch(one) for one in value):
        raise BadSettings(sentences.NO_FIELDS(key=key, example='["update_cycle", "survey_*"]', all='["*"]'))
    return tuple(value)


def _words(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        raise BadSettings(sentences.NO_KEYWORDS(key=key, example='["snow removal", "winter"]'))
    return tuple(word.strip() for word in value)


def _texts(key: str, value: Any) -> dict[str, str]:
    sound = isinstance(value, dict) and all(
        _PATTERN.fullmatch(name) and isinstance(text, str) and text and len(text) <= _LONGEST_TEXT for name, text in value.items()
    )
    if not sound:
        raise BadSettings(sentences.NO_TEXTS(key=key, example='{"region": "Estrie"}'))
    return value


def _group_names(key: str, value: Any) -> dict[str, str]:
    sound = isinstance(value, dict) and all(isinstance(name, str) and _NAME.fullmatch(name) for name in value.values())
    if not sound:
        raise BadSettings(sentences.NO_GROUPS(
            key=key,
            example='{"Transports": "transport", "http://publications.europa.eu/resource/authority/data-theme/TRAN": "transport"}'))
    return value


def _before(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or not isinstance(value.get("config", {}), dict):
        raise BadSettings(sentences.NOT_TO_CHANGE(key=key))
    return value


def _organisations(key: str, value: Any) -> dict[str, dict[str, Any]]:
    sound = isinstance(value, dict) and all(
        isinstance(row, dict)
        and _NAME.fullmatch(str(row.get("name", "")))
        and isinstance(row.get("title_translated", {}), dict)
        and all(isinstance(text, str) for text in row.get("title_translated", {}).values())
        for row in value.values()
    )
    if not sound:
        raise BadSettings(sentences.NO_ORGANISATIONS(
            key=key,
            example='{"opendata.example.org": {"name": "example", "title_translated": {"en": "Example", "fr": "Exemple"}}}'))
    return value


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "organizations": _one_of("publisher", "existing", "source"),
    "organization_names": _organisations,
    "language": _one_of("fr", "en"),
    "remove_up_to": _percent,
    "force_all": _boolean,
    "hooks": _one_of("compat", "fast"),
    "activities": _boolean,
    "rdf_format": _one_of(*FORMATS),
    "api_key": _secret,
    "organizations_filter_include": _names,
    "organizations_filter_exclude": _names,
    "groups_filter_include": _names,
    "groups_filter_exclude": _names,
    "remote_groups": _one_of("ignore", "only_local"),
    "group_names": _group_names,
    "default_groups": _names,
    "default_tags": _words,
    "keep_extras": _patterns,
    "default_extras": _texts,
    "override_extras": _boolean,
    "was": _before,
}
