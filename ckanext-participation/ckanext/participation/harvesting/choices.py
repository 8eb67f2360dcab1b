"""What a source's settings add to a mapped record: groups, keywords and extras. Pure; the keys are in docs/harvesting.md."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

from ckanext.participation.harvesting import sentences
from ckanext.participation.harvesting.record import LICENCE_AS_PUBLISHED, Mapper, Record, tags
from ckanext.participation.harvesting.settings import Settings
from ckanext.participation.metadata import fields

# Ours, or ckanext-harvest's: another catalogue's words under these names would be taken for them.
_RESERVED = frozenset({"guid", LICENCE_AS_PUBLISHED, "owner_org", "private", "state", "type", "license_title", "license_url"})


def applied(record: Record, chosen: Settings, mapper: Mapper, groups_here: Collection[str], said: Mapping[str, str]) -> Record:
    """The record with what the settings ask for.

    :param groups_here: names of this catalogue's groups
    :param said: what `{harvest_source_id}` and the like in `default_extras` stand for
    """
    if groups := _groups(record, chosen, groups_here):
        record.dataset["groups"] = [{"name": name} for name in groups]
    _add_tags(record, chosen, mapper)
    _add_extras(record, chosen, {**said, "dataset_id": record.remote.identifier})
    return record


def _groups(record: Record, chosen: Settings, here: Collection[str]) -> list[str]:
    wanted = set(chosen.default_groups)
    meant = {name.casefold(): group for name, group in chosen.group_names.items()}
    for names in [*record.remote.groups, *((theme,) for theme in record.remote.themes)]:
        wanted |= {meant[name.casefold()] for name in names if name.casefold() in meant}
    if chosen.remote_groups == "only_local":
        wanted |= {name for names in record.remote.groups for name in names[:1] if name in here}
    missing = sorted(wanted.difference(here))
    record.notes += [sentences.NO_SUCH_GROUP(name=name) for name in missing]
    return sorted(wanted.intersection(here))


def _add_tags(record: Record, chosen: Settings, mapper: Mapper) -> None:
    if not chosen.default_tags:
        return
    language = mapper.catalogue_language or mapper.default_language
    words = record.dataset.setdefault("tags_translated", {})
    own = words.get(language, [])
    added = tags({language: list(chosen.default_tags)}).get(language, [])
    words[language] = [*own, *(word for word in added if word.casefold() not in {each.casefold() for each in own})]


def _add_extras(record: Record, chosen: Settings, said: Mapping[str, str]) -> None:
    taken = {row["key"]: row["value"] for row in record.dataset["extras"]}
    ours = frozenset(taken)
    for key, value in record.remote.extras.items():
        if _free(key) and key not in taken and any(fnmatchcase(key, pattern) for pattern in chosen.keep_extras):
            taken[key] = value
    for key, value in chosen.default_extras.items():
        if _free(key) and key not in ours and (chosen.override_extras or key not in taken):
            taken[key] = _filled(value, said)
    record.dataset["extras"] = [{"key": key, "value": value} for key, value in taken.items()]


def _free(key: str) -> bool:
    # A schema with a field of the same name refuses the whole dataset.
    return key not in _RESERVED and not key.startswith("harvest_") and key not in fields.definitions("dataset") and len(key) <= 100


def _filled(text: str, said: Mapping[str, str]) -> str:
    for name, value in said.items():
        text = text.replace(f"{{{name}}}", value)
    return text
