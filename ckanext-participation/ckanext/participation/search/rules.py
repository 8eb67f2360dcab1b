"""What a dataset's search document holds. No CKAN here: dictionaries in, dictionaries out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ckanext.participation.search.fields import DATASET_FIELDS, LANGUAGES

Document = dict[str, Any]

# CKAN's repeating fields; every other field takes one value. A test compares this with CKAN's schema.
CKAN_MULTI = frozenset(
    "tags groups permission_labels res_name res_description res_format res_url res_type text urls depends_on"
    " dependency_of derives_from has_derivation links_to linked_from child_of parent_of".split()
)
# CKAN's analysed or unindexed fields, which take a value of any length.
CKAN_LONG = frozenset(
    "title title_ngram name_ngram notes author author_email maintainer maintainer_email res_name"
    " res_description text urls depends_on dependency_of derives_from has_derivation links_to"
    " linked_from child_of parent_of data_dict validated_data_dict".split()
)
CKAN_INTEGERS = frozenset(
    "views_total views_recent resources_accessed_total resources_accessed_recent".split()
)

OWN = {field.name: field for field in DATASET_FIELDS}
_OWN_WORDS = frozenset(name for name, field in OWN.items() if field.multi and field.type.startswith("text"))

# Lucene refuses a whole document for one unanalysed value above this many bytes.
TERM_BYTES = 32_766
# A value longer than this is data (a boundary, a table), not words that somebody would search.
WORDS_CHARACTERS = 500
# Three-letter codes of the languages that portals of the region use, and codes that name no language.
_LANGUAGE_CODES = {"fra": "fr", "fre": "fr", "eng": "en", "spa": "es", "iku": "iu", "cre": "cr"}
_NO_LANGUAGE = {"zxx", "und", "mul", "mis"}
# What these say stands in fields of ours, language by language. CKAN would hold each once more as JSON, read as words twice.
_MULTILINGUAL = ("title_translated", "notes_translated", "keywords_translated", "tags_translated")
_AS_JSON = frozenset((*_MULTILINGUAL, *(f"extras_{name}" for name in _MULTILINGUAL)))
_BY_LANGUAGE = ("title", "notes", "tags", "resources", "organization")
# What CKAN copies into `text`.
_COPIED = ("title", "notes", "tags")
_LANGUAGE_NAMES = {"français": "fr", "francais": "fr", "french": "fr", "anglais": "en", "english": "en"}


def dataset_fields(dataset: Mapping[str, Any]) -> Document:
    """Return the text and language fields of a dataset's document, from what `package_show` returns.

    Text of a known language (`title_translated` and the like) goes into the fields of that language, text of
    an unknown one (`title`) into both. Missing parts give no field.
    """
    resources = [resource for resource in _listed(dataset.get("resources")) if isinstance(resource, Mapping)]
    publisher = dataset.get("organization")
    organisation: Mapping[str, Any] = publisher if isinstance(publisher, Mapping) else {}
    document: Document = {}
    for language in LANGUAGES:
        document[f"title_{language}"] = in_language(dataset, "title", language)
        document[f"notes_{language}"] = in_language(dataset, "notes", language)
        document[f"tags_{language}"] = _keywords(dataset, language)
        document[f"resources_{language}"] = [
            in_language(resource, key, language) for resource in resources for key in ("name", "description")
        ]
        document[f"organization_{language}"] = [in_language(organisation, "title", language)]
    document["words"] = _words(dataset, resources)
    document["participation_language"] = _languages(dataset, resources)
    return {name: value for name, value in ((n, _tidy(v)) for n, v in document.items()) if value}


def merged(
    document: Mapping[str, Any], ours: Mapping[str, Any], contributions: Iterable[Mapping[str, Any]]
) -> Document:
    """Return CKAN's document with our fields and the other rooms' put in.

    What the dataset itself says under a name of ours is dropped: a publisher's extra must not set a licence
    or a count. Contributed words are added to ours, any other contributed value replaces.
    """
    result = {name: value for name, value in document.items() if name not in OWN and name not in _AS_JSON}
    result.update(ours)
    for contribution in contributions:
        for name, value in contribution.items():
            if name in _OWN_WORDS:
                result[name] = _tidy([*result.get(name, []), *_listed(value)])
            else:
                result[name] = value
    result.update({name: value for name, value in _gathered(result).items() if value})
    return result


def _gathered(document: Mapping[str, Any]) -> Document:
    """Return what is made of a document's other fields, each text once: reading a text is most of what a document costs Solr.

    `text_fr` has what no French field has, and `text_en` what no English field has, so that together with these every text is read in
    both ways. `text` has the translations of what CKAN copies there in one language.
    """
    said = {language: _texts(document, [f"{name}_{language}" for name in _BY_LANGUAGE]) for language in LANGUAGES}
    made: Document = {"title_exact": _tidy([document.get(f"title_{language}") for language in LANGUAGES])}
    everything = [*(text for texts in said.values() for text in texts), *document.get("words", [])]
    for language, own in said.items():
        made[f"text_{language}"] = _without(everything, own)
    translated = _texts(document, [f"{name}_{language}" for name in _COPIED for language in LANGUAGES])
    made["text"] = [*_listed(document.get("text")), *_without(translated, _texts(document, _COPIED))]
    return made


def _texts(document: Mapping[str, Any], names: Iterable[str]) -> list[Any]:
    return [text for name in names for text in _listed(document.get(name))]


def _without(texts: Iterable[str], others: Iterable[Any]) -> list[str]:
    left_out = {text for text in others if isinstance(text, str)}
    return [text for text in dict.fromkeys(texts) if text not in left_out]


def accepted_by_solr(document: Mapping[str, Any]) -> Document:
    """Return the document with every value in a form that Solr takes.

    Dictionaries and lists in fields of one value become JSON text; an unanalysed value that is too long for a
    term, a number field without a number and names that are Solr's own are left out. Fields are for finding:
    what the dataset says stays whole in `data_dict` and `validated_data_dict`.
    """
    result: Document = {}
    for name, given in document.items():
        if name.startswith("_") or given is None:
            continue
        if name in CKAN_INTEGERS or (name in OWN and OWN[name].type == "int"):
            value = _integer(given)
        elif isinstance(given, list | tuple | set | frozenset) and _is_multi(name):
            flat = [_flat(item) for item in given if item is not None]
            value = flat if _is_long(name) else [item for item in flat if _fits(item)]
        else:
            flat = _flat(given)
            value = flat if _is_long(name) or _fits(flat) else None
        if value is not None:
            result[name] = value
    return result


def in_language(thing: Mapping[str, Any], key: str, language: str) -> str:
    """Return `KEY_translated[language]`; for a thing without any translation its `KEY`."""
    translations = _translations(thing, key)
    if translations:
        return clean_text(translations.get(language))
    return clean_text(thing.get(key))


def _translations(thing: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = _parsed(thing.get(f"{key}_translated"))
    if not isinstance(value, dict):
        return {}
    return {str(language)[:2]: text for language, text in value.items() if text}


def _keywords(dataset: Mapping[str, Any], language: str) -> list[str]:
    words: list[Any] = []
    for key in ("keywords_translated", "keywords", "tags_translated"):
        value = _parsed(dataset.get(key))
        if isinstance(value, dict):
            words += _listed(value.get(language))
        elif isinstance(value, list):
            words += value
    for tag in _listed(dataset.get("tags")):
        words.append((tag.get("display_name") or tag.get("name")) if isinstance(tag, Mapping) else tag)
    return [clean_text(word) for word in words]


def _words(dataset: Mapping[str, Any], resources: list[Mapping[str, Any]]) -> list[str]:
    words: list[Any] = [
        dataset.get(key) for key in ("name", "author", "maintainer", "license_title", "version")
    ]
    for group in _listed(dataset.get("groups")):
        if isinstance(group, Mapping):
            words += [group.get("title") or group.get("display_name"), group.get("name")]
    words += [resource.get("format") for resource in resources]
    for extra in _listed(dataset.get("extras")):
        if isinstance(extra, Mapping):
            words += _listed(_parsed(extra.get("value")))
    return [clean_text(word) for word in words if isinstance(word, str) and _is_words(word)]


def _is_words(value: str) -> bool:
    return (
        len(value) <= WORDS_CHARACTERS
        and any(character.isalpha() for character in value)
        and not value.lstrip().startswith(("{", "[", "http:", "https:"))
    )


def _languages(dataset: Mapping[str, Any], resources: list[Mapping[str, Any]]) -> list[str]:
    found = set()
    for thing in (dataset, *resources):
        for value in _listed(_parsed(thing.get("language"))):
            code = language_code(value)
            if code:
                found.add(code)
    return sorted(found)


def language_code(value: Any) -> str:
    """Return the code of a language given as code, locale, name or address that ends in a code; else ''."""
    if not isinstance(value, str):
        return ""
    word = value.strip().rstrip("/").rsplit("/", 1)[-1].lower()
    if word in _LANGUAGE_NAMES:
        return _LANGUAGE_NAMES[word]
    match = re.fullmatch(r"([a-z]{2,3})(?:[-_;,].*)?", word)
    if not match or match[1] in _NO_LANGUAGE:
        return ""
    return _LANGUAGE_CODES.get(match[1], match[1])


def _is_multi(name: str) -> bool:
    if name in OWN:
        return OWN[name].multi
    return name in CKAN_MULTI or name.startswith(("res_extras_", "vocab_"))


def _is_long(name: str) -> bool:
    if name in OWN:
        return OWN[name].type.startswith("text")
    return name in CKAN_LONG or name.startswith(("extras_", "res_extras_"))


def _fits(value: Any) -> bool:
    # A character has four bytes at most.
    return not isinstance(value, str) or 4 * len(value) <= TERM_BYTES or len(value.encode("utf-8", "replace")) <= TERM_BYTES


def _flat(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, set | frozenset):
        return json.dumps(sorted(value, key=str), ensure_ascii=False, default=str)
    return value


def _parsed(value: Any) -> Any:
    # Extras and unvalidated dicts carry nested metadata as JSON text.
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _listed(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple | set) else [value]


# Lone surrogates and control characters are no text to search, and pysolr cannot send the former.
_NO_TEXT = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff]")


def clean_text(value: Any) -> str:
    """Return the text without what no index takes; empty for anything but text."""
    if not isinstance(value, str):
        return ""
    return value if value.isprintable() else _NO_TEXT.sub("", value)


def _tidy(value: Any) -> Any:
    if isinstance(value, list):
        return list(dict.fromkeys(item for item in value if item))
    return value


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value) else None
