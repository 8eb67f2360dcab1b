"""Validators of the metadata schemas: they run a rule, put its reason on the field, and store what the rule returned.

Those marked `scheming_validator` read their field's definition (limit, choices, required) from the YAML.
"""
# CKAN decides what to pass to a validator by counting its arguments, so unused ones stay.
# ruff: noqa: ARG001

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation import config
from ckanext.participation.common.marking import N_
from ckanext.participation.metadata import languages, rules
from ckanext.participation.metadata.rules import Refused

Key = tuple[Any, ...]
Data = dict[Key, Any]
Validator = Callable[[Key, Data, dict[Key, list[Any]], dict[str, Any]], None]
Factory = Callable[[dict[str, Any], dict[str, Any]], Validator]

__all__ = [
    "participation_choice",
    "participation_choices",
    "participation_date",
    "participation_email",
    "participation_end_date",
    "participation_fill_tags",
    "participation_geojson",
    "participation_identifier",
    "participation_identifiers",
    "participation_json_output",
    "participation_keywords",
    "participation_resource_url",
    "participation_size",
    "participation_storable",
    "participation_text",
    "participation_texts",
    "participation_translated_text",
    "participation_web_address",
]


def scheming_validator(factory: Factory) -> Factory:
    """Mark a factory that ckanext-scheming calls with the field and its schema.

    Its own decorator cannot be imported here: it asks CKAN for validators, which imports this module.
    """
    factory.is_a_scheming_validator = True  # pyright: ignore[reportFunctionMemberAccess]
    return factory


def _say(refusal: Refused) -> str:
    message = tk._(refusal.message)
    return message % refusal.values if refusal.values else message


def _refuse(key: Key, errors: dict[Key, list[Any]], refusal: Refused) -> None:
    errors.setdefault(key, []).append(_say(refusal))
    # What follows in the chain must not see the bad value: some of it asks the database.
    raise tk.StopOnError


def _checked(rule: Callable[[Any], Any], required: bool = False) -> Validator:
    """A validator around `rule`: nothing said means the field is left out, or refused when it is required."""

    def validator(key: Key, data: Data, errors: dict[Key, list[Any]], context: dict[str, Any]) -> None:
        if errors.get(key):
            raise tk.StopOnError
        raw = data.get(key, tk.missing)
        try:
            value = None if raw is tk.missing else rule(raw)
        except Refused as refusal:
            _refuse(key, errors, refusal)
            return
        if value is None or value in ("", [], {}):
            if required:
                _refuse(key, errors, Refused(N_("Fill in this field.")))
            data.pop(key, None)
            raise tk.StopOnError
        data[key] = json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value

    # Batches need not ask about what is not there.
    validator.lets_go = not required  # pyright: ignore[reportFunctionMemberAccess]
    return validator


def _plain(rule: Callable[[Any], Any]) -> Factory:
    @scheming_validator
    def factory(field: dict[str, Any], schema: dict[str, Any]) -> Validator:
        return _checked(rule, bool(field.get("required")))

    return factory


participation_date = _plain(rules.date)
participation_web_address = _plain(rules.web_address)
participation_identifier = _plain(rules.identifier)
participation_resource_url = _plain(rules.file_address)
participation_email = _plain(rules.email)
participation_size = _plain(rules.size)
participation_geojson = _plain(rules.geojson)


@scheming_validator
def participation_text(field: dict[str, Any], schema: dict[str, Any]) -> Validator:
    """One text of at most `max_length` characters."""
    limit = field.get("max_length", rules.TEXT_LIMIT)
    return _checked(lambda raw: rules.text(raw, limit), bool(field.get("required")))


@scheming_validator
def participation_texts(field: dict[str, Any], schema: dict[str, Any]) -> Validator:
    """Several texts."""
    limit = field.get("max_length", rules.ADDRESS_LIMIT)
    return _several(lambda raw: rules.text(raw, limit), field)


@scheming_validator
def participation_identifiers(field: dict[str, Any], schema: dict[str, Any]) -> Validator:
    """Several web addresses or other identifiers."""
    return _several(rules.identifier, field)


@scheming_validator
def participation_choice(field: dict[str, Any], schema: dict[str, Any]) -> Validator:
    """One of the field's choices, by value, label or any of its `also`; `open_choices` takes any identifier too."""
    return _checked(_choose(field), bool(field.get("required")))


@scheming_validator
def participation_choices(field: dict[str, Any], schema: dict[str, Any]) -> Validator:
    """Any of the field's choices, each once."""
    return _several(_choose(field), field)


def _choose(field: dict[str, Any]) -> Callable[[Any], str]:
    return rules.chooser(field["choices"], bool(field.get("open_choices")))


def _several(rule: Callable[[Any], str], field: dict[str, Any]) -> Validator:
    def each(raw: Any) -> list[str]:
        return list(dict.fromkeys(value for item in rules.items(raw) if (value := rule(item))))

    return _checked(each, bool(field.get("required")))


@scheming_validator
def participation_end_date(field: dict[str, Any], schema: dict[str, Any]) -> Validator:
    """A date that is not before the `start` beside it."""
    checked = _checked(rules.date)

    def validator(key: Key, data: Data, errors: dict[Key, list[Any]], context: dict[str, Any]) -> None:
        checked(key, data, errors, context)
        try:
            start = rules.date(data.get((*key[:-1], "start")) or "")
        except Refused:
            return
        if start and not rules.in_order(start, data[key]):
            _refuse(key, errors, Refused(N_("The period ends before it starts: check both dates.")))

    return validator


def _site_language() -> str:
    return config.languages()[0]


def _posted(key: Key, data: Data) -> dict[str, Any]:
    """The form's inputs for this field by language (`title_translated-fr`), taken out of the unknown values."""
    holder = (*key[:-1], "__extras")
    extras = data.get(holder)
    if not isinstance(extras, dict):
        return {}
    found = {
        language: extras.pop(f"{key[-1]}-{language}")
        for language in rules.LANGUAGES
        if f"{key[-1]}-{language}" in extras
    }
    if found and not extras:
        del data[holder]
    return found


@scheming_validator
def participation_translated_text(field: dict[str, Any], schema: dict[str, Any]) -> Validator:
    """Text in French and English: a dictionary, its JSON, one plain text, or a form's input for each language.

    Inputs per language are how a form speaks: it must then fill both, unless the field is optional and both are empty.
    Every other way in needs one language when the field is `required`; the other is counted as a gap, not refused.
    `fills` names the plain field beside it (`title` of `title_translated`), which gets the site's default language, else
    the other; when only the plain field was sent, it is taken as written in the site's default language. CKAN validates
    fields in the order of their names, so the plain one is checked before.
    """
    limit = field.get("max_length", rules.TEXT_LIMIT)
    return _by_language(field, lambda raw: languages.translated(raw, _site_language(), limit))


@scheming_validator
def participation_keywords(field: dict[str, Any], schema: dict[str, Any]) -> Validator:
    """Keywords in French and English, repaired into tags that CKAN takes."""
    return _by_language(field, lambda raw: languages.keywords(raw, _site_language()), both=False)


def _by_language(field: dict[str, Any], rule: Callable[[Any], dict[str, Any]], both: bool = True) -> Validator:
    required, form_required = bool(field.get("required")), bool(field.get("form_required"))

    def validator(key: Key, data: Data, errors: dict[Key, list[Any]], context: dict[str, Any]) -> None:
        plain = (*key[:-1], field["fills"]) if "fills" in field else None
        posted = _posted(key, data)
        raw = posted or data.get(key, tk.missing)
        try:
            texts = {} if raw is tk.missing else rule(raw)
            if posted and both and (texts or required or form_required):
                languages.in_both(texts)
            if not texts and plain in data and data[plain] not in (None, "", tk.missing):
                texts = {_site_language(): data[plain]}
            if not texts and required and not (plain and errors.get(plain)):
                raise Refused(N_("Write this in French, in English, or better in both."))
        except Refused as refusal:
            _refuse(key, errors, refusal)
            return
        if not texts:
            data.pop(key, None)
            raise tk.StopOnError
        if plain:
            data[plain] = languages.pick(texts, _site_language())[0]
        data[key] = json.dumps(texts, ensure_ascii=False)

    return validator


def participation_json_output(value: Any) -> Any:
    """The stored JSON text as the list or dictionary it holds."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def participation_storable(key: Key, data: Data, errors: dict[Key, list[Any]], context: dict[str, Any]) -> None:
    """Refuse, before any other validator asks the database, every text that it could not hold."""
    for name, value in list(data.items()):
        if isinstance(value, str):
            try:
                rules.storable(value)
            except Refused as refusal:
                errors.setdefault(name, []).append(_say(refusal))
                data[name] = ""


def participation_fill_tags(key: Key, data: Data, errors: dict[Key, list[Any]], context: dict[str, Any]) -> None:
    """CKAN's own tags are the keywords of both languages; a dataset without such keywords keeps the tags it was sent."""
    stored = next(
        (data[("extras", name[1], "value")] for name in data
         if name[0] == "extras" and name[-1] == "key" and data[name] == "tags_translated"), None,
    )
    if not isinstance(stored, str):
        return
    for name in [name for name in data if name[0] == "tags"]:
        del data[name]
    for index, tag in enumerate(languages.repair_tags(tag for tags in json.loads(stored).values() for tag in tags)):
        data[("tags", index, "name")] = tag
