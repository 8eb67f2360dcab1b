"""How people write the Creative Commons licences: elements, version and port, in any order of words and in five languages.

The names of the elements are those of Creative Commons' own deeds in English, French, German, Italian, Spanish and Dutch; names of
countries come from CLDR. Nothing here knows the register: `Deed.id` is the id that SPDX would give (`CC-BY-NC-3.0-DE`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from babel import Locale

from ckanext.participation.licences.folding import text_key

from .phrases import Phrases

LANGUAGES: Final = ("en", "fr", "de", "it", "es")
VERSIONS: Final = frozenset({"1.0", "2.0", "2.1", "2.5", "3.0", "4.0"})

_ELEMENTS: Final = {
    "by": "by|attribution|paternite|namensnennung|attribuzione|atribucion|reconocimiento|naamsvermelding",
    "nc": "nc|noncommercial|non commercial|not for commercial use|pas d utilisation commerciale|pas utilisation commerciale|"
          "nicht kommerziell|nichtkommerziell|keine kommerzielle nutzung|non commerciale|no comercial|nocomercial|nietcommercieel|"
          "niet commercieel|no commercial use",
    "nd": "nd|noderivs|noderivatives|no derivs|no derivatives|no derivative works|pas de modification|pas de modifications|"
          "keine bearbeitung|keine bearbeitungen|non opere derivate|no opere derivate|sin obra derivada|sin obras derivadas|"
          "sinobraderivada|sin derivadas|sinderivadas|sinderivar|geenafgeleidewerken|geen afgeleide werken",
    "sa": "sa|sharealike|share alike|partage dans memes conditions|partage conditions identiques|partage identique|"
          "partage dans mêmes conditions initiales identique|weitergabe unter gleichen bedingungen|condividi allo stesso modo|"
          "condividiallostessomodo|condividi stesso modo|compartirigual|compartir igual|gelijkdelen|gelijk delen",
}  # fmt: skip
_CC: Final = "cc|creative commons|creativecommons|creative common|licence creative commons"
_ZERO: Final = "cc0|cczero|cc zero|cc 0|creative commons zero|creativecommons zero|creative commons cc0"
_MARK: Final = "public domain mark|ccpdm|cc pdm|creative commons public domain mark|marque du domaine public|marque domaine public"
_FILLER: Final = (
    "licence|licences|lizenz|licenza|licencia|licentie|public|international|internationale|internazionale|internacional|"
    "internationaal|unported|generic|generique|generico|universal|universel|universale|universell|universeel|non transpose|"
    "non transposee|non adapte|no portada|public domain dedication|deed|legalcode"
)
_IGO: Final = "igo|intergovernmental organisations|intergovernmental organizations|organisations internationales gouvernementales"
_MORE_COUNTRIES: Final = {"united states of america": "us", "scotland": "scotland", "england wales": "uk", "england and wales": "uk"}

# More names in a row than this are read as several.
_MOST_PARTS: Final = 8
_COMPACT: Final = re.compile(r"(cc)?(by)?(nc)?(nd|sa)?(?:([1-4])([015])?([a-z]{2})?)?")
_MINOR: Final = re.compile(r"([015])([a-z]{2})?")


@dataclass(frozen=True, slots=True)
class Deed:
    """A Creative Commons licence as far as a text names it: `elements` is empty when the text says only "Creative Commons"."""

    elements: tuple[str, ...]
    version: str = ""
    port: str = ""

    @property
    def id(self) -> str:
        """The id that SPDX gives this licence, or its beginning when the version is not named."""
        if self.elements in (("zero",), ("mark",)):
            return "CC0-1.0" if self.elements == ("zero",) else "CC-PDM-1.0"
        return "-".join(part for part in ("CC", *(part.upper() for part in self.elements), self.version, self.port.upper()) if part)

    @property
    def name(self) -> str:
        """The name for people."""
        if self.elements in (("zero",), ("mark",)):
            return "CC0 1.0" if self.elements == ("zero",) else "Public Domain Mark 1.0"
        elements = "-".join(part.upper() for part in self.elements)
        return " ".join(part for part in ("CC", elements, self.version, self.port.upper()) if part)

    @property
    def base(self) -> Deed:
        """The same licence without version and port."""
        return replace(self, version="", port="")


@dataclass(slots=True)
class _Part:
    elements: set[str]
    version: str = ""
    port: str = ""
    by_name: bool = False
    spelled: bool = False

    def __bool__(self) -> bool:
        return bool(self.elements or self.version)

    def deed(self) -> Deed:
        order = ("by", "nc", "nd", "sa", "zero", "mark")
        return Deed(tuple(part for part in order if part in self.elements), self.version, self.port)


@lru_cache(maxsize=1)
def _vocabulary() -> Phrases[tuple[str, str]]:
    """Every phrase with its kind and value; the countries come last, so that they displace no word of a licence."""
    kinds = [("element", name, phrases) for name, phrases in _ELEMENTS.items()]
    kinds += [("cc", "", _CC), ("whole", "zero", _ZERO), ("whole", "mark", _MARK), ("filler", "", _FILLER), ("port", "igo", _IGO)]
    entries = [(text_key(phrase), (kind, value)) for kind, value, phrases in kinds for phrase in phrases.split("|")]
    countries = dict(_MORE_COUNTRIES)
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and len(key := text_key(name)) > 3:
                countries.setdefault(key, code.lower())
    return Phrases([*entries, *((name, ("port", code)) for name, code in countries.items())])


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    codes = {code.casefold() for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()}
    return frozenset(codes - {"eu", "un", "ez", "xa", "xb", "zz"})


_BEGINNINGS: Final = frozenset(
    text_key(phrase).split()[0] for phrases in (_ELEMENTS["by"], _CC, _ZERO, _MARK) for phrase in phrases.split("|"))


def may_begin(word: str) -> bool:
    """Whether a name may begin with this word: says quickly that most words of a text need no reading."""
    return word in _BEGINNINGS or word.startswith(("cc", "by"))


def read(
    words: Sequence[str], start: int, *, capital: Sequence[bool] = (), code: bool = False, within: bool = False
) -> tuple[int, list[Deed]] | None:
    """Read the Creative Commons licences that are named from this word on, without other words between.

    :param capital: whether each word is written in capitals: "3.0 DE" is a port, "3.0 de la ville" is not
    :param code: the words are those of an identifier or an address, where every two letters may be a country
    :param within: another name may have begun before, so that only the words "Creative Commons" or "CC" begin one

    :returns: where the name ends, and the licences: more than one where the parts contradict; None when nothing begins here
    """
    parts: list[_Part] = []
    current = _Part(set())
    at = start
    while at < len(words) and len(parts) < _MOST_PARTS:
        step = _step(words, at, current, started=bool(parts) or at > start, port_allowed=code or (at < len(capital) and capital[at]))
        if step is None:
            break
        at, fresh = step
        if fresh is not None:
            parts.append(current)
            current = fresh
    parts = [part for part in (*parts, current) if part or part.by_name]
    if not any(part.by_name or (not within and _stands_alone(part, code)) for part in parts):
        return None
    return at, _settled(parts)


def _stands_alone(part: _Part, code: bool) -> bool:
    """Whether a part without the words "Creative Commons" can be nothing else, unlike "by SA Water" or "by 4 people"."""
    if "by" not in part.elements:
        return False
    several = len(part.elements) > 1
    versioned = bool(part.version)
    if code or part.spelled:
        return several or versioned
    return several and versioned


def _step(words: Sequence[str], at: int, part: _Part, *, started: bool, port_allowed: bool) -> tuple[int, _Part | None] | None:
    """Read one word or phrase into `part`; gives where to go on, and a new part where one begins; None where the name ends."""
    known = _vocabulary().longest(words, at)
    if known is None:
        return _compact(words, at, part) or _number(words, at, part) or _port(words, at, part, port_allowed)
    end, (kind, value) = known
    if kind == "cc":
        if part:
            return end, _Part(set(), by_name=True)
        part.by_name = True
        return end, None
    if kind in {"element", "whole"}:
        if part.elements & {"zero", "mark"} and kind == "element":
            return None
        again = value in part.elements or (part.version and part.elements) or (kind == "whole" and part.elements)
        spelled = len(words[at]) > 2
        if again:
            return end, _Part({value}, by_name=kind == "whole", spelled=spelled)
        part.elements.add(value)
        part.by_name = part.by_name or kind == "whole"
        part.spelled = part.spelled or spelled
        return end, None
    if kind == "port" and part:
        if part.port and part.port != value:
            return None
        part.port = value
        return end, None
    return (end, None) if kind == "filler" and started and (part or part.by_name) else None


def _compact(words: Sequence[str], at: int, part: _Part) -> tuple[int, _Part | None] | None:
    """A word such as `ccby`, `bync`, `ccbysa40it` or `by4`."""
    found = _COMPACT.fullmatch(words[at])
    if found is None or not (found[1] or found[2] or ((found[3] or found[4]) and part)):
        return None
    elements = {name for name in (found[2], found[3], found[4]) if name}
    if not elements or (not found[1] and len(elements) == 1 and not found[5] and not part.by_name):
        return None
    target = part
    fresh = None
    if part.elements & elements or part.version or (part.elements and (found[1] or found[2])):
        target = fresh = _Part(set(), by_name=bool(found[1]))
    target.elements |= elements
    target.by_name = target.by_name or bool(found[1])
    end = at + 1
    if found[5]:
        minor, port = found[6], found[7]
        if minor is None and end < len(words) and (after := _MINOR.fullmatch(words[end])):
            minor, port = after[1], after[2]
            end += 1
        target.version = f"{found[5]}.{minor or 0}"
        target.port = port or target.port
    return end, fresh


def _number(words: Sequence[str], at: int, part: _Part) -> tuple[int, _Part | None] | None:
    """A version: `4.0` (two words), `40`, `4`, or with its port `3.0cl`."""
    word = words[at]
    if not (part or part.by_name) or not word[0].isdecimal():
        return None
    port = ""
    end = at + 1
    if len(word) == 2 and word.isdecimal() and f"{word[0]}.{word[1]}" in VERSIONS:
        version = f"{word[0]}.{word[1]}"
    elif word in {"1", "2", "3", "4"}:
        version = f"{word}.0"
        if end < len(words) and (minor := _MINOR.fullmatch(words[end])):
            version, port = f"{word}.{minor[1]}", minor[2] or ""
            end += 1
    else:
        return None
    if version not in VERSIONS:
        return None
    if part.version and part.version != version:
        return end, _Part(set(part.elements), version, port, by_name=True)
    part.version = version
    part.port = port or part.port
    return end, None


def _port(words: Sequence[str], at: int, part: _Part, allowed: bool) -> tuple[int, _Part | None] | None:
    """A country's two letters: after the version, or in an identifier before it (`cc-by-de/3.0`)."""
    word = words[at]
    if not allowed or word not in _codes() or not part.elements or part.port:
        return None
    part.port = word
    return at + 1, None


def _settled(parts: list[_Part]) -> list[Deed]:
    """The licences that the parts name together: an abbreviation in brackets says less, and nothing else, than the name before it."""
    whole = [part for part in parts if part.elements]
    loose = [part for part in parts if not part.elements]
    if whole and loose:
        for part in loose:
            if part.version and not any(other.version for other in whole):
                for other in whole:
                    other.version, other.port = part.version, other.port or part.port
        loose = [part for part in loose if part.version and all(part.version != other.version for other in whole)]
    deeds = [part.deed() for part in (*whole, *loose)]
    kept = [deed for deed in deeds if not any(_says_less(deed, other) for other in deeds)]
    return list(dict.fromkeys(kept))


def _says_less(deed: Deed, other: Deed) -> bool:
    """Whether everything that `deed` says is also said by `other`, which says more."""
    if deed == other or deed.version not in {"", other.version} or deed.port not in {"", other.port}:
        return False
    if deed.elements == other.elements:
        return True
    return not deed.version and bool(other.version) and set(deed.elements) <= set(other.elements)


_LICENCE_PATH: Final = re.compile(r"/licenses/([a-z]+(?:[-+][a-z]+)*)(?:/(\d\.\d))?(?:/([a-z]{2,8}))?(?:/|$)")
_DOMAIN_PATH: Final = re.compile(r"/(?:publicdomain|licenses)/(zero|mark)(?:/|$)")


def read_path(path: str) -> Deed | None:
    """Read the path of an address at creativecommons.org, in small letters and without `deed` or `legalcode`."""
    if domain := _DOMAIN_PATH.match(path):
        return Deed((domain[1],))
    found = _LICENCE_PATH.match(path)
    if found is None:
        return None
    elements = set(re.split("[-+]", found[1]))
    if not elements or not elements <= {"by", "nc", "nd", "sa"}:
        return None
    version = found[2] or ""
    # Version 4.0 has no ports: what follows it is a language, or a mistake that changes nothing.
    port = "" if version == "4.0" or not version else found[3] or ""
    return Deed(tuple(part for part in ("by", "nc", "nd", "sa") if part in elements), version, port)
