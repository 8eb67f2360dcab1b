"""The criteria in words: what each is called, how many datasets miss it, and what to do."""

from __future__ import annotations

import ckan.plugins.toolkit as tk


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
