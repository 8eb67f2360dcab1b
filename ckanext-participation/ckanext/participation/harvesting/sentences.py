"""What the reports of runs say with a value in it, and how it is told in another language than English. Pure.

A report keeps English sentences, one on a line, because ckanext-harvest and whoever reads its tables expect text. Where one is shown,
`told` finds out which it is and what was filled in. Sentences without a value are marked where they are made. A line that is none of
ours, or of an older release, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ckanext.participation.common.marking import N_

Translate = Callable[[str], str]

# What a value is, by the name of its place; all others are words of somebody else, and stay as they are.
_COUNTS: Final = frozenset({"number", "total"})
# Places that hold no words: what they take is narrow, so that a long line is read in one go.
_NARROW: Final = {**dict.fromkeys(("number", "total", "status", "page", "line", "row"), "[0-9]+"), "minutes": "[0-9.]+",
                  **dict.fromkeys(("error", "column"), r"[\w.-]+"), **dict.fromkeys(("field", "key", "one", "other"), r"[\w.-]+")}
_PLACE: Final = re.compile(r"\{(\w+)\}")
# A report is written once and read often: what is longer is no sentence of ours.
_LONGEST: Final = 3000


@dataclass(frozen=True)
class Sentence:
    """A sentence with named places. Called with their values it gives the English text."""

    text: str
    pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts = _PLACE.split(self.text)
        spelled = [re.escape(part) if place % 2 == 0 else f"(?P<{part}>{_NARROW.get(part, '.*?')})"
                   for place, part in enumerate(parts)]
        object.__setattr__(self, "pattern", re.compile("".join(spelled)))

    def __call__(self, **values: object) -> str:
        """Return the English sentence, on one line whatever the values hold."""
        return self.text.format(**{name: " ".join(str(value).split()) for name, value in values.items()})


# -- of a source ---------------------------------------------------------------------------------------------------------

ERROR_HERE_READING = Sentence(N_("The source could not be read to its end: an error of this site ({error})."))
GIVEN_UP = Sentence(N_("The harvest was given up: its process ended {number} times without having written anything. "
                       "The server's log says why."))
HELD = Sentence(N_("{number} of {total} datasets are no longer at the source. That is more than may be removed without a person, "
                   "so none was. Those who publish by this source say on its page whether they are to go."))
SAME_IDENTIFIER = Sentence(N_("{number} records have the identifier of another one; only the first of each was read."))
NOT_GIVEN = Sentence(N_("{number} datasets are in the catalogue's list, but it does not give them. They are asked for again next time."))
SOME_NOT_GIVEN = Sentence(N_("{number} of {total} datasets of the catalogue's list are not given by it. None was removed."))
STATEMENTS_BROKEN = Sentence(N_("{number} statements of the catalogue are broken and were left out. No dataset was removed. "
                                "They begin with: {names}"))
RECORDS_BROKEN = Sentence(N_("{number} records of the catalogue are broken and were left out. No dataset was removed. "
                             "They begin with: {names}"))
PAGE_CUT = Sentence(N_("Page {page} of the catalogue breaks off before its end. What is whole on it was read. No dataset was removed."))
ASKED_FURTHER = Sentence(N_("{number} answers of the catalogue broke off before their end. The rest was asked for again, and given."))
SOURCE_LARGE = Sentence(N_("The source is larger than this site reads in one run ({most}); the rest was not read."))
SOURCE_SLOW_SECONDS = Sentence(N_("Reading the source took longer than {number} seconds; the rest was not read."))
LEFT_ALONE = Sentence(N_("The server {name} asked, when another source on it was read, to be left alone until {moment}. "
                         "This source was not read."))
SOURCE_SLOW = Sentence(N_("Reading the source took longer than {minutes} minutes; the rest was not read."))
MANY_RECORDS = Sentence(N_("The source has more than {number} records; the rest was not read."))
MANY_PAGES = Sentence(N_("The catalogue has more than {number} pages; the rest was not read."))
MANY_SINGLES = Sentence(N_("More than {number} datasets had to be asked for one by one; the rest was not read."))
FEWER_THAN_NAMED = Sentence(N_("The catalogue names {total} datasets but gave {number}; nothing was removed here."))
ANSWERED_ERROR = Sentence(N_("The catalogue answered with the error {status}."))
PAGE_ANSWERED_ERROR = Sentence(N_("Page {page} of the catalogue answered with the error {status}."))
JSON_BROKEN = Sentence(N_("The JSON is broken at line {line}."))
XML_BROKEN = Sentence(N_("The XML is broken at line {line}."))
RDF_BROKEN = Sentence(N_("The RDF is broken: it could not be read as {kind}."))
RDF_BROKEN_AT = Sentence(N_("The RDF is broken near line {line}: it could not be read as {kind}."))
OTHER_XML = Sentence(N_("This is XML, but not RDF: it begins with “{name}”."))

# -- of its settings -----------------------------------------------------------------------------------------------------

NO_JSON = Sentence(N_("The configuration must be JSON, such as {example}."))
NO_OBJECT = Sentence(N_("The configuration must be a JSON object, such as {example}."))
NO_KEY = Sentence(N_("{keys} is not a key of this source type. Keys are: {known}."))
NOT_BOTH = Sentence(N_("Use either {one} or {other}, not both."))
NO_CHOICE = Sentence(N_("{key} must be one of: {choices}."))
NO_BOOLEAN = Sentence(N_("{key} must be true or false."))
NO_PERCENT = Sentence(N_("{key} must be a whole number from 0 to 100."))
NO_WORD = Sentence(N_("{key} must be one word."))
NO_NAMES = Sentence(N_("{key} must be a list of names, such as {example}."))
NO_FIELDS = Sentence(N_("{key} must be a list of names of fields, such as {example}, or {all} for all."))
NO_KEYWORDS = Sentence(N_("{key} must be a list of keywords, such as {example}."))
NO_TEXTS = Sentence(N_("{key} must say a text for each field, such as {example}."))
NO_GROUPS = Sentence(N_("{key} must say for each group or theme of the source the name of a group here, such as {example}."))
NO_ORGANISATIONS = Sentence(N_("{key} must say for each name at the source what it is here, such as {example}."))
NOT_TO_CHANGE = Sentence(N_("{key} is written by the switch of a source's type. Leave it as it was, or take it out."))
NO_GROUP = Sentence(N_("There is no group {names} here. Give the name that is in the address of the group's page, "
                       "or have an administrator make the group first."))

# -- of one record -------------------------------------------------------------------------------------------------------

ERROR_HERE = Sentence(N_("The record could not be imported: an error of this site ({error})."))
REFUSED = Sentence(N_("The catalogue refused the record: {said}"))
LEFT_OUT = Sentence(N_("{field} was left out: {said}"))
VALUE_LEFT_OUT = Sentence(N_("{field} was left out: “{value}” is not a value it takes."))
CUT = Sentence(N_("{field} was cut: it has more than {number} characters."))
ROW_LEFT_OUT = Sentence(N_("{field} {row}, {column} was left out: {said}"))
FILES_LEFT_OUT = Sentence(N_("{number} of {total} files were left out: they have no address."))
NO_SUCH_GROUP = Sentence(N_("The dataset was not put into the group “{name}”: there is no such group here."))
ORGANISATION_NOT_MADE = Sentence(N_("The organisation “{name}” could not be made: the dataset went to the source's own. ({said})"))
MADE_BY_PEOPLE = Sentence(N_("The organisation “{name}” was made here by people: the dataset went to the source's own."))
RDF_UNREADABLE = Sentence(N_("The record's RDF could not be read ({error})."))
MANY_STATEMENTS = Sentence(N_("The dataset has more statements than this site reads of one ({number}: "
                              "participation.harvest.max_statements), "
                              "or very many that it shares with others. What is nearest to it was read, the rest left out."))

_KNOWN: Final = tuple(sorted((one for one in globals().values() if isinstance(one, Sentence)),
                             key=lambda one: -len(_PLACE.sub("", one.text))))
_ABOUT_ONE: Final = re.compile(r"(?P<record>\S.*?): (?P<said>.+)")


def told(text: str, translate: Translate, number: Callable[[str], str] = str, label: Translate = str) -> str | None:
    """Return a line of a report in the language that `translate` speaks; None where it is none of our sentences.

    :param number: writes a count as that language does
    :param label: gives the name that people have for a field
    """
    if not text or len(text) > _LONGEST:
        return None
    own = _told(text, translate, number, label)
    about = _ABOUT_ONE.fullmatch(text) if own is None else None
    said = _told(about["said"], translate, number, label) if about else None
    return f"{about['record']}: {said}" if about and said else own


def _told(text: str, translate: Translate, number: Callable[[str], str], label: Translate) -> str | None:
    own = translate(text)
    if own != text:
        return own
    for one in _KNOWN:
        found = one.pattern.fullmatch(text)
        if found:
            values = {name: _value(name, value, translate, number, label) for name, value in found.groupdict().items()}
            return translate(one.text).format(**values)
    return None


def _value(name: str, value: str, translate: Translate, number: Callable[[str], str], label: Translate) -> str:
    if name in _COUNTS:
        return number(value)
    if name in {"field", "column"}:
        return label(value)
    if name == "said":
        return "; ".join(_validation(part, translate, label) for part in value.split("; "))
    return value


def _validation(said: str, translate: Translate, label: Translate) -> str:
    """Return what validation said of one field; `said` is its message, with the field's name before it where there are several."""
    own = translate(said)
    if own != said:
        return own
    key, colon, message = said.partition(": ")
    return f"{label(key)}: {translate(message)}" if colon and message and " " not in key else said
