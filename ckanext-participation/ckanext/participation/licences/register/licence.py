"""One licence of the register, as the files state it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

OpenDefinition = Literal["conformant", "not-conformant", "unknown"]
Binds = Literal["adaptation", "database"]
Right = Literal["copyright", "database"]
Texts = dict[str, str]
Language = Literal["en", "fr"]


def language(lang: object) -> Language:
    """The language of the two that the register has: French for every French (`fr`, `fr_CA`), else English."""
    return "fr" if str(lang or "").startswith("fr") else "en"


def pick(texts: Texts, lang: str) -> str:
    """The text in this language, else in the other one, else nothing."""
    if language(lang) == "fr":
        return texts.get("fr") or texts.get("en", "")
    return texts.get("en") or texts.get("fr", "")


@dataclass(frozen=True, slots=True)
class ShareAlike:
    """What the duty to share alike asks for.

    `binds`: what stays under the licence, any adaptation or only a derivative database; `later`: a later version
    of the same licence may be used; `also`: other licences that this one or its steward names as compatible.
    """

    binds: Binds
    later: bool
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence: its names, addresses, terms and the credit line it asks for."""

    id: str
    family: str
    names: Texts
    short_name: str = ""
    version: str = ""
    jurisdiction: str = ""
    url: str = ""
    url_fr: str = ""
    deed: Texts = field(default_factory=dict)
    urls: tuple[str, ...] = ()
    spdx: str = ""
    eu_uri: str = ""
    aliases: tuple[str, ...] = ()
    generic_for: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    prohibitions: tuple[str, ...] = ()
    clauses: dict[str, str] = field(default_factory=dict)
    rights: tuple[Right, ...] = ()
    share_alike: ShareAlike | None = None
    compatible_with: tuple[str, ...] = ()
    port_of: str = ""
    attribution: Texts = field(default_factory=dict)
    open_definition: OpenDefinition = "unknown"
    supersedes: tuple[str, ...] = ()
    selectable: bool = True
    notes: Texts = field(default_factory=dict)
    sources: tuple[dict[str, str], ...] = ()
    file: str = ""

    def name(self, lang: str) -> str:
        """The licence's name for a reader of this language."""
        return pick(self.names, lang)

    def short(self, lang: str) -> str:
        """The name that fits in a sentence: the short one where the licence has one."""
        return self.short_name or self.name(lang)

    def text_url(self, lang: str) -> str:
        """Address of the legal text, in French where it has one."""
        return self.url_fr if language(lang) == "fr" and self.url_fr else self.url

    def deed_url(self, lang: str) -> str:
        """Address of the page to send a reader to: the plain-language summary, else the legal text."""
        return pick(self.deed, lang) or self.text_url(lang)

    @property
    def states_terms(self) -> bool:
        """Whether the register knows what this licence allows or forbids."""
        return bool(self.permissions or self.prohibitions)
