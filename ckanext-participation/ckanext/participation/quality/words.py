"""The criteria in words: what each is called, how many datasets miss it, and what to do."""

from __future__ import annotations

from typing import Final

import ckan.plugins.toolkit as tk

from ckanext.participation.quality.opening import Opening

# How many formats a line names.
FORMATS: Final = 3


def name(criterion: str) -> str:
    """Return what a criterion is called, in the reader's language."""
    return {
        "licence": tk._("Licence known"), "openness": tk._("Three stars or more"), "contact": tk._("Contact given"),
        "languages": tk._("French and English"), "formats": tk._("A file for programs"), "fresh": tk._("Updated on time"),
        "links": tk._("Links that work"),
    }[criterion]


def short(criterion: str, number: int) -> str:
    """Say how many datasets miss it."""
    said = {
        "licence": lambda: tk.ungettext("{number} dataset has no licence that we know",
                                        "{number} datasets have no licence that we know", number),
        "openness": lambda: tk.ungettext("{number} dataset earns fewer than three stars",
                                         "{number} datasets earn fewer than three stars", number),
        "contact": lambda: tk.ungettext("{number} dataset has no contact", "{number} datasets have no contact", number),
        "languages": lambda: tk.ungettext("{number} dataset is not described in both languages",
                                          "{number} datasets are not described in both languages", number),
        "formats": lambda: tk.ungettext("{number} dataset has no file for programs", "{number} datasets have no file for programs", number),
        "fresh": lambda: tk.ungettext("{number} dataset is late with its update", "{number} datasets are late with their update", number),
        "links": lambda: tk.ungettext("{number} dataset has dead links", "{number} datasets have dead links", number),
    }[criterion]()
    return said.format(number=tk.h.localised_number(number))


def advice(criterion: str) -> str:
    """Say what to do about it."""
    return {
        "licence": tk._("Choose a licence. Without one, nobody can be sure of being allowed to use the data."),
        "openness": tk._("Publish under an open licence, in a format that needs no bought program, such as CSV, JSON or GeoJSON. "
                         "Under an open licence any file earns one star, data for programs two, in such a format three, with RDF four."),
        "contact": tk._("Give an e-mail address or a web page where people can ask about the data."),
        "languages": tk._("Write the title and the description in French and in English."),
        "formats": tk._("Add a file that programs can read, such as CSV, JSON or GeoJSON, beside the ones made for reading."),
        "fresh": tk._("Publish the new data with its date, or state the update frequency that you really keep."),
        "links": tk._("Put the right address in place of the one that does not answer any more, or take the file away."),
    }[criterion]


def openness(found: Opening) -> str:
    """Say why a dataset is as open as it is."""
    said = {
        "no-licence": lambda: tk._("It states no licence, so nobody can be sure of being allowed to use the data."),
        "unknown-licence": lambda: tk._("It is not known here what its licence allows."),
        "not-open": lambda: tk._("Its licence does not allow everybody every use."),
        "no-file": lambda: tk._("Its licence is open, but it has no file."),
        "reading": lambda: tk._("Its licence is open, but none of its files is known to be one that programs read."),
        "owned": lambda: tk._("Its licence is open, and programs read its data, but only those of some makers ({formats})."),
        "free": lambda: tk._("Its licence is open, and any program can read its data ({formats})."),
        "linked": lambda: tk._("Its licence is open, and its data are linked data ({formats})."),
    }[found.reason]()
    shown = ", ".join(found.formats[:FORMATS])
    return said.format(formats=shown if len(found.formats) <= FORMATS else f"{shown}…")


def opener(reason: str) -> str:
    """Say what would make a dataset more open; an empty text where nothing would that a form can do."""
    return {
        "no-licence": tk._("Choose a licence"), "unknown-licence": tk._("Choose a licence of the list"),
        "not-open": tk._("Choose an open licence"), "no-file": tk._("Add a file"),
        "reading": tk._("Add a file that programs can read, such as CSV or JSON"),
        "owned": tk._("Add a file in an open format, such as CSV or GeoJSON"),
    }.get(reason, "")
