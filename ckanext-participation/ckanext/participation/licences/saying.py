"""What a dataset or a file says of its licence, in its source's own words, wherever it keeps them."""

from __future__ import annotations

from typing import Any, Final

from .folding import clean, looks_like_url

NOT_SPECIFIED: Final = "notspecified"
AS_PUBLISHED: Final = "licence_as_published"
# A harvest joins the parts that it kept with this.
BETWEEN: Final = " · "
# Extras in which catalogues keep more of a licence: names and addresses, and free text.
MORE_TITLES: Final = ("licence", "license", "licence_title", "licence_url_title", "license_other")
MORE_ADDRESSES: Final = ("licence_url", "license_url")
MORE_TEXTS: Final = ("rights", "access_constraints", "use_constraints", "use_limitation")
FILE_FIELDS: Final = ("license", "licence", "license_id", "license_title", "license_url", "rights")


def extras_of(dataset: dict[str, Any]) -> dict[str, str]:
    """What the dataset says of its licence beside CKAN's own fields: as extras, as fields of its own, or on its way to the index."""
    names = (AS_PUBLISHED, *MORE_TITLES, *MORE_ADDRESSES, *MORE_TEXTS)
    extras = dataset.get("extras")
    listed = {
        extra["key"]: extra.get("value") for extra in (extras if isinstance(extras, list) else [])
        if isinstance(extra, dict) and isinstance(extra.get("key"), str)
    }  # fmt: skip
    # `license_url` itself is CKAN's own field.
    own = {name: dataset.get(name) or dataset.get(f"extras_{name}") for name in names if name != "license_url"}
    values = {name: listed.get(name) or own.get(name) for name in names}
    return {name: text for name, value in values.items() if isinstance(value, str) and (text := clean(value))}


def texts_of(value: Any) -> list[str]:
    """A field's texts: one, several, or one for each language."""
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in (value if isinstance(value, list) else [value]) if (text := clean(item))]


def as_published(dataset: dict[str, Any]) -> str:
    """The words a harvest kept because the register did not know them."""
    return extras_of(dataset).get(AS_PUBLISHED, "")


def names_of(dataset: dict[str, Any]) -> list[str]:
    """What a dataset says of its licence, each thing by itself and whole: what a further name of a licence could be."""
    extras = extras_of(dataset)
    own = [text for key in ("license_id", "license_title", "license_url") if (text := clean(dataset.get(key))) != NOT_SPECIFIED]
    said = extras.get(AS_PUBLISHED, "").split(BETWEEN)
    more = [extras[key] for key in (*MORE_TITLES, *MORE_ADDRESSES, *MORE_TEXTS) if key in extras]
    return [text for text in dict.fromkeys([*said, *own, *more]) if text]


def names_of_file(file: dict[str, Any]) -> list[str]:
    """What a file says of its licence, as `names_of` gives it; a harvest joins several in one field."""
    whole = [text for key in FILE_FIELDS for text in texts_of(file.get(key))]
    addresses = [part for text in whole if BETWEEN in text for part in text.split(BETWEEN) if looks_like_url(part)]
    return list(dict.fromkeys([*addresses, *whole]))


def words_of_file(file: dict[str, Any]) -> str:
    """What a file says of its own licence, in its source's own words."""
    return BETWEEN.join(dict.fromkeys(text for key in FILE_FIELDS for text in texts_of(file.get(key))))


def words_of(dataset: dict[str, Any]) -> str:
    """What a dataset says of its licence, in its source's own words, for reports."""
    extras = extras_of(dataset)
    own = [clean(dataset.get(key)) for key in ("license_id", "license_title", "license_url")]
    parts = [text for text in own if text != NOT_SPECIFIED or AS_PUBLISHED not in extras]
    parts += [extras[key] for key in (AS_PUBLISHED, *MORE_TITLES, *MORE_ADDRESSES) if key in extras]
    return BETWEEN.join(dict.fromkeys(part for part in parts if part))[:300]
