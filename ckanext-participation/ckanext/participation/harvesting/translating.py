"""The configuration of a stock source type in the words of ours, and back. Pure; the table is in docs/harvesting.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting.settings import FORMATS, BadSettings, Settings

TYPES = {"ckan": "participation_ckan", "dcat_rdf": "participation_dcat", "dcat_json": "participation_dcat"}

_FILTERS = frozenset({"organizations_filter_include", "organizations_filter_exclude", "groups_filter_include", "groups_filter_exclude"})
_SAME = {
    "ckan": _FILTERS | {"api_key", "force_all", "default_groups", "default_extras", "override_extras"},
    "dcat_rdf": frozenset({"rdf_format"}),
    "dcat_json": frozenset(),
}
# Ours finds these out, does them always, or (`read_only`) the stock type itself does nothing with them.
_NEEDLESS = frozenset({"api_version", "clean_tags", "read_only", "default_group_dicts"})
# Their values differ from run to run: every run would change every dataset.
_PASSING = ("{harvest_job_id}", "{harvest_object_id}")
_NO_COUNTERPART = {
    "user": "Datasets are changed in the name of the site, not of this user.",
    "user_agent": "Requests name this site and its address.",
}
_NEVER_BACK = frozenset({"was", "keep_extras"})


@dataclass
class Translation:
    """`config` in the other type's words; `needless`: keys that mean nothing there; `lost`: keys without a counterpart, with the reason."""

    config: dict[str, Any]
    needless: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)


def forth(stock: str, written: str | None) -> Translation:
    """From a stock type to ours; raises BadSettings when the configuration is no JSON object."""
    stated = _read(written)
    found = Translation({"organizations": "source"})
    if stock != "dcat_json":
        # The stock types keep every extra: without this the first run would take them from the datasets.
        found.config["keep_extras"] = ["*"]
    for key, value in stated.items():
        if key in _NEEDLESS:
            found.needless.append(key)
        else:
            _translate(stock, key, value, found)
    if "default_extras" not in found.config:
        found.config.pop("override_extras", None)
    kept = {key: stated[key] for key in [*found.needless, *found.lost] if key != "default_group_dicts"}
    found.config["was"] = {"type": stock, **({"config": kept} if kept else {})}
    return found


def back(written: str | None) -> tuple[str, Translation]:
    """(the stock type, its configuration) of a source that was switched; raises BadSettings when it was not."""
    stated = _read(written)
    was = stated.get("was")
    if not isinstance(was, Mapping) or was.get("type") not in TYPES:
        raise BadSettings(N_("This source was never of a stock type, so there is nothing to go back to."))
    stock = str(was["type"])
    found = Translation(dict(was.get("config") or {}))
    for key, value in stated.items():
        if key in _NEVER_BACK or value == _default(key):
            continue
        if key in _SAME[stock] or (stock == "ckan" and key in {"default_tags", "remote_groups"}):
            found.config[key] = [{"name": word} for word in value] if key == "default_tags" else value
        elif key == "organizations":
            _organisations_back(stock, str(value), found)
        else:
            found.lost[key] = "The stock type has no such setting."
    return stock, found


def _organisations_back(stock: str, value: str, found: Translation) -> None:
    found.config.pop("remote_orgs", None)
    if value == "source":
        return
    if stock == "ckan":
        found.config["remote_orgs"] = "create" if value == "publisher" else "only_local"
    else:
        found.lost["organizations"] = "The stock type puts every dataset into the source's own organisation."


def _translate(stock: str, key: str, value: Any, found: Translation) -> None:
    if stock == "ckan" and key in _OWN_WORDS:
        _OWN_WORDS[key](value, found)
    elif key == "rdf_format" and stock == "dcat_rdf" and value not in FORMATS:
        found.needless.append(key)
    elif key in _SAME[stock]:
        # An empty filter or key says nothing.
        if value not in ("", None, []):
            found.config[key] = value
    else:
        found.lost[key] = _NO_COUNTERPART.get(key, "This source type has no such setting.")


def _tags(value: Any, found: Translation) -> None:
    found.config["default_tags"] = [word.get("name") if isinstance(word, Mapping) else word for word in value]


def _extras(value: Mapping[str, Any], found: Translation) -> None:
    kept = {}
    for name, written in value.items():
        text = written if isinstance(written, str) else json.dumps(written)
        if any(one in text for one in _PASSING):
            found.lost["default_extras"] = f"“{name}” names the job or the object of each run, and would change every dataset in every run."
        else:
            kept[name] = text
    if kept:
        found.config["default_extras"] = kept


def _remote_groups(value: Any, found: Translation) -> None:
    if value in {"only_local", "create"}:
        found.config["remote_groups"] = "only_local"
    if value == "create":
        found.lost["remote_groups"] = (
            "Harvests do not make groups: datasets go into those groups of the source that are here under the same name."
        )


def _remote_organisations(value: Any, found: Translation) -> None:
    found.config["organizations"] = {"create": "publisher", "only_local": "existing"}.get(value, "source")


_OWN_WORDS: dict[str, Callable[[Any, Translation], None]] = {
    "default_tags": _tags,
    "default_extras": _extras,
    "remote_groups": _remote_groups,
    "remote_orgs": _remote_organisations,
}


def _read(written: str | None) -> dict[str, Any]:
    try:
        stated = json.loads(written) if written and written.strip() else {}
    except (ValueError, RecursionError):
        stated = None
    if not isinstance(stated, dict):
        raise BadSettings(N_("The source's configuration is no JSON object. Correct it in the source's form first."))
    return stated


def _default(key: str) -> Any:
    return next((one.default for one in fields(Settings) if one.name == key), None)
