"""A dataset's lists, its files above all, checked row by row as they are.

CKAN takes a dataset apart into single values, asks each rule of each, and puts it together again. Where the rules of a list look at nothing
but their own field, and the dataset's own rules not at the list, its rows come to the same without that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from ckan.lib.navl import dictization_functions as navl
from ckan.lib.navl import validators as rules
from ckan.logic import converters
from ckan.logic import validators as ckans

from ckanext.participation.harvesting.batches import fields
from ckanext.participation.harvesting.batches.fields import EXTRAS, Converter, Data, Errors, Key, Made, Part

Row = dict[str, Any]

# A rule that takes four arguments sees all that the dataset says. These look at their own field; rules made for a field share their code.
_ALL = 4
_OF_THEIR_FIELD: Final = frozenset(rule.__code__ for rule in (
    rules.ignore, rules.ignore_empty, rules.ignore_missing, rules.keep_extras, rules.not_empty, rules.not_missing))
# Of the dataset's own rules these leave its lists alone, too. Some read its extras: those are never checked row by row.
_of_no_list = {*_OF_THEIR_FIELD, *(rule.__code__ for rule in (
    rules.empty, rules.if_empty_same_as(""), converters.convert_from_extras, ckans.duplicate_extras_key, ckans.ignore_not_sysadmin,
    ckans.package_name_validator))}
# This one writes tags where its field is there.
_TAG_STRING: Final = ckans.tag_string_convert.__code__
_KEPT: Final = [rules.keep_extras]
# Rules that object to what is not there.
_INSISTING: Final = frozenset({rules.not_missing, rules.not_empty})


class Flat(Data):
    """A dataset taken apart, but for these lists."""

    lists: dict[str, list[Row]]


def leaves_lists_alone(rule: Converter) -> Converter:
    """Say of a rule for a dataset's field that it neither reads nor changes the dataset's lists."""
    _of_no_list.add(rule.__code__)
    return rule


def whole(data: Row, schema: dict[str, Any]) -> list[str]:
    """Name the dataset's lists that can be checked row by row under this schema."""
    found = [name for name, value in data.items() if name != "extras" and isinstance(value, list) and value and _own(schema.get(name))
             and all(isinstance(row, dict) and row for row in value)]
    if not found or not _only(_of_no_list | ({_TAG_STRING} if "tag_string" not in data else set()), schema):
        return []
    return found


def checked(lists: dict[str, list[Row]], schema: dict[str, Any], context: Any) -> dict[str, list[Row]] | None:
    """The lists as their rules leave them; None where CKAN must be asked: a rule objects, or a row comes with a list of its own."""
    found: dict[str, list[Row]] = {}
    for name, rows in lists.items():
        part = Part.of(schema[name])
        found[name] = []
        for number, row in enumerate(rows):
            made = _row((name, number), row, part, context)
            if not made:
                return None
            found[name].append({field: made[field] for field in sorted(made)})
    return found


def _row(place: Key, row: Row, part: Part, context: Any) -> Row | None:
    kept: Row = {}
    asked: Row = {}
    rest: Row = {}
    rules_of, values, texts, empty, let_go = part.asked, part.values, part.texts, part.empty, part.let_go
    for name, value in row.items():
        if (value and name in values) or (type(value) is str and name in (texts if value else empty)):
            kept[name] = value
        elif name not in rules_of:
            if name in part.inner or name.startswith("__"):
                return None
            rest[name] = value
        elif not rules_of[name]:
            kept[name] = value
        elif value is not None or name not in let_go:
            asked[name] = value
    for name in part.marked:
        if name not in row:
            asked[name] = navl.missing
    if rest and part.own.get(EXTRAS) == _KEPT:
        kept |= rest
        rest = {}
    if not asked and not rest:
        return kept
    answered = _asked(place, asked, rest, part, context)
    return None if answered is None else kept | answered


def _asked(place: Key, row: Row, rest: Row, part: Part, context: Any) -> Row | None:
    made, errors = Made(), Errors()
    made |= {(*place, name): value for name, value in row.items()}
    for name in sorted(row):
        fields.ask((*place, name), part.asked[name], made, errors, context)
    if rest:
        made[*place, EXTRAS] = rest
        fields.ask((*place, EXTRAS), part.own.get(EXTRAS, []), made, errors, context)
    return None if any(errors.values()) else {key[-1]: value for key, value in made.items()}


def _own(schema: Any) -> bool:
    """Whether the rules of a list look at their own field only."""
    return (isinstance(schema, dict) and any(isinstance(inner, list) for inner in schema.values()) and _only(_OF_THEIR_FIELD, schema)
            and not any(name.startswith("__") and (name != EXTRAS or not _INSISTING.isdisjoint(asked)) for name, asked in schema.items()))


def _only(codes: Iterable[Any], schema: dict[str, Any]) -> bool:
    """Whether all rules of the schema, without those of its groups, see one value or have one of these codes."""
    different: set[Callable[..., Any]] = {rule for asked in schema.values() if isinstance(asked, list) for rule in asked}
    return all(code is not None and (code.co_argcount < _ALL or code in codes)
               for code in (getattr(rule, "__code__", None) for rule in different))
