"""Which licence an address stands for: the register's own addresses first, then the lists whose addresses are made by rule.

Sources of the rules: Creative Commons (`/licenses/<elements>/<version>/<port>`), SPDX (`/licenses/<id>`), the EU authority table
"licence", DCAT-AP.de, DCAT-AP CH, the Italian controlled vocabulary, rdflicense, DALICC, licensedb, the Open Definition, Open Data
Commons and the Open Source Initiative.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ckanext.participation.licences.folding import text_key, url_keys
from ckanext.participation.licences.register import Register

from . import creative_commons
from .creative_commons import Deed

# Beginning of an address, what to call the list, and where in the rest the code stands.
_LISTS: Final = (
    ("spdx.org/licenses/", "SPDX", "all"),
    ("publications.europa.eu/resource/authority/licence/", "EU licence list", "all"),
    ("dcat-ap.de/def/licenses/", "DCAT-AP.de", "all"),
    ("dcat-ap.ch/vocabulary/licenses/", "DCAT-AP CH", "all"),
    ("w3id.org/italia/controlled-vocabulary/licences/", "Italian licence list", "after _"),
    ("purl.org/net/rdflicense/", "rdflicense", "all"),
    ("dalicc.net/licenselibrary/", "DALICC", "all"),
    ("licensedb.org/id/", "licensedb", "all"),
    ("opendefinition.org/licenses/", "Open Definition", "all"),
    ("licenses.opendefinition.org/licenses/", "Open Definition", "all"),
    ("opendatacommons.org/licenses/", "Open Data Commons", "all"),
    ("opensource.org/licenses/", "Open Source Initiative", "all"),
    ("opensource.org/license/", "Open Source Initiative", "all"),
    ("choosealicense.com/licenses/", "choosealicense.com", "all"),
)
# Lists whose codes the register holds for each of its licences: another code is another licence.
_IDS_ARE_NAMES: Final = frozenset({"SPDX", "EU licence list"})
_LIST_OF: Final = {prefix.rstrip("/") for prefix, _, _ in _LISTS}
# What stands for "one of the Creative Commons licences", with its version if that is said.
FAMILY: Final = "CC "
_FILE_ENDING: Final = re.compile(r"\.(?:html?|php|txt|json|jsonld|rdf|ttl|nt|xml|aspx?)$")
_FEWEST_WORDS_OF_A_SLUG: Final = 3


@dataclass(frozen=True, slots=True)
class Address:
    """What an address stands for: an id of the register, or the name of a licence that the register does not have.

    `base`: of a licence that the register lacks, the id of the same licence without version; `opaque`: it is an entry of a published
    list that nobody can read without the list, and `code` its last part; `by_rule`: its last part spells the licence's name.
    """

    id: str | None = None
    names: str = ""
    base: str = ""
    opaque: bool = False
    code: str = ""
    by_rule: bool = False


def resolve(register: Register, deeds: Mapping[str, str], url: str, extra: Mapping[str, str]) -> Address | None:
    """Say what an address stands for; None when nothing is known of it.

    :param deeds: ids of the register by the id that SPDX would give a Creative Commons licence
    :param extra: more addresses, by their key
    """
    keys = url_keys(url)
    if not keys:
        return None
    for known in (extra, register.by_url):
        for key in keys:
            if known.get(key) in register.licences:
                return Address(known[key])
    bare = keys[-1]
    host, _, path = bare.partition("/")
    if host.endswith("creativecommons.org") and (deed := creative_commons.read_path("/" + path)):
        return of_deed(deeds, deed)
    for prefix, name, where in _LISTS:
        if bare.startswith(prefix):
            return _list_entry(register, deeds, name, _FILE_ENDING.sub("", bare[len(prefix) :]), where)
    parts = _FILE_ENDING.sub("", bare).split("/")[1:]
    for slug in (parts[-1:], parts[-2:]):
        key = text_key(" ".join(slug))
        found = extra.get(key) or register.by_text.get(key)
        if found in register.licences and key.count(" ") >= _FEWEST_WORDS_OF_A_SLUG - 1:
            return Address(found, by_rule=True)
    return None


def is_list(url: str) -> bool:
    """Say whether an address is that of a whole list of licences, which names none."""
    keys = url_keys(url)
    return bool(keys) and keys[-1] in _LIST_OF


def of_deed(deeds: Mapping[str, str], deed: Deed) -> Address:
    """Give the register's id of a Creative Commons licence, or its name when the register lacks it."""
    if not deed.elements:
        return Address(base=f"{FAMILY}{deed.version}")
    if known := deeds.get(deed.id.casefold()):
        return Address(known)
    if not deed.version or ("by" not in deed.elements and deed.version != "1.0"):
        # Since version 2.0 every licence asks for attribution: "CC NC 3.0" leaves open which is meant.
        return Address(base=FAMILY)
    return Address(names=deed.name, base=deeds.get(deed.base.id.casefold(), ""))


def _list_entry(register: Register, deeds: Mapping[str, str], name: str, code: str, where: str) -> Address | None:
    if not code:
        return None
    if where == "after _":
        code = code.partition("_")[2] or code
    key = text_key(code)
    if found := register.by_text.get(key):
        return Address(found)
    words = key.split()
    deed = creative_commons.read(words, 0, code=True) if words else None
    if deed and deed[0] == len(words) and len(deed[1]) == 1:
        only = deed[1][0]
        # Version 4.0 has no ports, so that an entry with a country in its code can only be the international licence.
        return of_deed(deeds, Deed(only.elements, only.version) if only.version == "4.0" else only)
    return Address(names=f"“{code[:60]}” of the list {name}", opaque=name not in _IDS_ARE_NAMES, code=key)
