"""CKAN's validation works out three times which values belong to which rule, sorts the same keys a dozen times, and asks every rule of
every field of every file, also of those that are not there: with a few hundred rules and files, most of its time. While a batch is checked
it does so once and only for what is there, and rows of lists that can be checked as they are stay so (`lists`), with the same result.

The functions replaced give what CKAN's give, so other threads that call them meanwhile notice nothing. Lists stay whole only for who is
`inside`: another thread may find CKAN's own functions back between two steps, which know nothing of such lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ckan.lib.navl import dictization_functions as navl
from ckan.logic import validators as ckans
from ckanext.dcat import plugins as dcat
from ckanext.scheming import validation

from ckanext.participation.harvesting.batches import fields, lists
from ckanext.participation.harvesting.batches.fields import (
    ABSENT,
    AFTER,
    BEFORE,
    EXTRAS,
    JUNK,
    UNREAD,
    Converter,
    Data,
    Errors,
    Key,
    Made,
    Part,
    Rules,
)

_is_inside: ContextVar[bool] = ContextVar("participation_quicker", default=False)
_schemas: dict[str, Any] = {}
_made_rules: dict[tuple[str, int, int], list[Converter]] = {}
_flatten = navl.flatten_dict
_validate = navl._validate
_unflatten = navl.unflatten
_validators_from_string = validation.validators_from_string
_get_dataset_schema = dcat._get_dataset_schema
_duplicate_extras_key = ckans.duplicate_extras_key


def flatten_dict(data: dict[str, Any], flattened: Any = None, old_key: Any = None, schema: dict[str, Any] | None = None) -> Data:
    """As CKAN's function of this name, but for lists that its rules can be asked about row by row."""
    if flattened or old_key or not schema or not _is_inside.get():
        return _flatten(data, flattened, old_key, schema)
    whole = lists.whole(data, schema)
    if not whole:
        return _flatten(data, schema=schema)
    flat = lists.Flat(_flatten({name: value for name, value in data.items() if name not in whole}, schema=schema))
    flat.lists = {name: data[name] for name in whole}
    return flat


def validate(data: Data, schema: dict[str, Any], context: Any) -> tuple[Data, dict[Key, Any]]:
    """As CKAN's `_validate`: flat data against the rules; what became of it, and what was objected."""
    if not isinstance(data, lists.Flat):
        return _validated(data, schema, context)
    checked = lists.checked(data.lists, schema, context)
    if checked is None:
        return _validated({**data, **_flatten(data.lists, schema=schema)}, schema, context)
    made, errors = _validated(data, schema, context)
    made.lists = checked
    return made, errors


def _validated(data: Data, schema: dict[str, Any], context: Any) -> tuple[Made, dict[Key, Any]]:
    known = Rules(schema)
    groups = _groups(data, known)
    made = _augmented(data, known, groups)
    errors = Errors()
    for key, asked in _questions(groups, made):
        fields.ask(key, asked, made, errors, context)
    if UNREAD in context:
        return made, Errors()
    if any(errors.values()):
        # CKAN numbers the files with an error by those without one.
        for place, part in groups.items():
            for name in part.names:
                errors.setdefault((*place, name), [])
    return made, errors


def _questions(groups: dict[Key, Part], made: Made) -> Iterator[tuple[Key, list[Converter]]]:
    """Which rules are asked of what, in CKAN's order; what an answer adds is asked about in its turn."""
    for place, part in groups.items():
        if BEFORE in part.own:
            yield (*place, BEFORE), part.own[BEFORE]
    yield from _fields(groups, made)
    for place, part in groups.items():
        if EXTRAS in part.own:
            yield (*place, EXTRAS), part.own[EXTRAS]
    for place, part in reversed(groups.items()):
        if AFTER in part.own:
            yield (*place, AFTER), part.own[AFTER]
    if JUNK in groups[()].own:
        yield (JUNK,), groups[()].own[JUNK]


def _fields(groups: dict[Key, Part], made: Made) -> Iterator[tuple[Key, list[Converter]]]:
    for place, part in groups.items():
        for name, asked in part.fields:
            key = (*place, name)
            value = made.get(key, ABSENT)
            if value is ABSENT:
                if name in part.let_go:
                    continue
            elif not asked or (value and name in part.values) or (type(value) is str and name in (part.texts if value else part.empty)):
                continue
            yield key, asked


def _groups(data: Data, known: Rules) -> dict[Key, Part]:
    """The groups of fields that the data has and the schema knows, in CKAN's order."""
    found: set[Key] = {()}
    # A group's parent is shorter than the group.
    for place in sorted({key[:-1] for key in data}, key=len):
        if place and place[:-2] in found and known.part(place[::2]) is not None:
            found.add(place)
    return {place: part for place in in_order(found) if (part := known.part(place[::2])) is not None}


def _augmented(data: Data, known: Rules, groups: dict[Key, Part]) -> Made:
    """The data with what is missing marked, and with what has no rule put aside."""
    made = Made()
    made.groups = groups
    made.extras = fields.after_last_extra(groups)
    junk: Data = {}
    extras: Data = {}
    for key, value in data.items():
        name = key[-1]
        part = groups.get(key[:-1])
        if part is not None and name in part.names:
            made[key] = value
            continue
        if value != [] and known.begins(key[::2]):
            raise navl.DataError(f"Only lists of dicts can be placed against subschema {key}, not {type(value)}")
        if part is not None:
            extras.setdefault((*key[:-1], EXTRAS), {})[name] = value
        else:
            junk[key] = value
    if junk:
        made[JUNK,] = junk
    made |= extras
    for place, part in groups.items():
        for name in part.marked:
            made.setdefault((*place, name), navl.missing)
    return made


def unflatten(data: Data) -> dict[str, Any]:
    """As CKAN's function of this name: what has keys of several parts, as lists of groups of fields."""
    if type(data) is Errors and not any(data.values()):
        return {}
    whole: dict[str, Any] = {}
    skipping: dict[int, list[Any]] = {}
    groups: dict[Key, dict[str, Any]] = {}
    for key, value in data.items():
        groups.setdefault(key[:-1], {})[key[-1]] = value
    for place in in_order(groups):
        here, group = _reached(whole, place, skipping), groups[place]
        for name in sorted(group):
            here[name] = group[name]
    for found in skipping.values():
        found[:] = [one for one in found if one]
    if isinstance(data, Made) and data.lists:
        whole |= data.lists
        # Lists come after single values, in the order of their names.
        for name in sorted({place[0] for place in groups if place} | data.lists.keys()):
            whole[name] = whole.pop(name)
    return whole


def _reached(here: Any, place: Key, skipping: dict[int, list[Any]]) -> Any:
    """The group at this place, made when it is not there."""
    for part in place:
        try:
            here = here[part]
        except IndexError:
            while True:
                made: Any = {}
                here.append(made)
                if part < len(here):
                    break
                # The places that were skipped go at the end.
                skipping[id(here)] = here
            here = made
        except KeyError:
            here[part] = []
            here = here[part]
    return here


def in_order(keys: Iterable[Key]) -> list[Key]:
    """Shorter keys first, then by their parts: CKAN's order."""
    by_length: dict[int, list[Key]] = {}
    for key in keys:
        by_length.setdefault(len(key), []).append(key)
    return [key for length in sorted(by_length) for key in sorted(by_length[length])]


def validators_from_string(s: str, field: dict[str, Any], schema: dict[str, Any]) -> list[Converter]:
    """As ckanext-scheming's function of this name, which makes a field's rules anew for each dataset."""
    # A type's schema and its fields stay while the process lives.
    key = s, id(field), id(schema)
    made = _made_rules.get(key)
    if made is None:
        made = _made_rules[key] = _validators_from_string(s, field, schema)
    return list(made)


def get_dataset_schema(dataset_type: str = "dataset") -> Any:
    """As ckanext-dcat's function of this name, which calls an action for it, twice for each dataset."""
    known = _schemas.get(dataset_type)
    if known is None:
        known = _schemas[dataset_type] = _get_dataset_schema(dataset_type)
    return known


@lists.leaves_lists_alone
def duplicate_extras_key(key: Key, data: Data, errors: Any, context: Any) -> None:
    """As CKAN's rule of this name, which builds the whole dataset anew to see its extras."""
    names = [value for place, value in data.items() if place[0] == "extras" and place[-1] == "key" and len(place) == 3
             and not data.get(("extras", place[1], "deleted"))]
    if len(set(names)) < len(names) or ("extras",) in data:
        _duplicate_extras_key(key, data, errors, context)


def begin() -> None:
    """Let CKAN's validation use them."""
    navl.flatten_dict = flatten_dict
    navl._validate = validate  # type: ignore[assignment]
    navl.unflatten = unflatten
    validation.validators_from_string = validators_from_string
    dcat._get_dataset_schema = get_dataset_schema


def end() -> None:
    """Let it use its own again."""
    navl.flatten_dict = _flatten
    navl._validate = _validate
    navl.unflatten = _unflatten
    validation.validators_from_string = _validators_from_string
    dcat._get_dataset_schema = _get_dataset_schema
    _schemas.clear()
    # Other rules may stand in CKAN's register at another time.
    _made_rules.clear()


@contextmanager
def inside() -> Iterator[None]:
    """Between `begin` and `end`: let the lists of datasets that are checked here stay whole until the block ends. Not for other threads."""
    token = _is_inside.set(True)
    try:
        yield
    finally:
        _is_inside.reset(token)
