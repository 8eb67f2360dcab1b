"""What recognition looks up in a register, made once for each register: its names as phrases, their words, its Creative Commons ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ckanext.participation.licences.folding import text_key
from ckanext.participation.licences.register import Register

from .phrases import Phrases

# Words that may stand around a licence's name without changing which licence is meant, in English, French, German, Italian and Spanish.
_AROUND: Final = """
this these that it dataset data datasets information work file files content material materials is are made available published released
provided distributed shared offered licenced licence license under terms conditions condition of by see contains contain
subject to for use used using in with and as according per text full legal code url link deed version current latest
international unported generic universal
ce cet cette ces jeu jeux de donnees donnee contenu contient informations information visee visees vise par sous selon termes terme du
des d est sont soumis soumise soumises diffuse diffusee diffuses diffusees publie publiee publies publiees mis mise mises disposition
disponible disponibles voir et au aux en
diese dieser dieses dieser datensatz daten werk inhalte ist sind wird werden veroffentlicht lizenziert bereitgestellt verfugbar
zur verfugung gestellt unter der die das den dem einer einem lizenz lizenzen lizenztext nutzungsbedingungen gemass nach von siehe und mit
questo questi dataset dati opera contenuti e sono rilasciato rilasciati rilasciata distribuito distribuiti distribuita pubblicato
pubblicati disponibile disponibili con licenza sotto secondo termini della dello del dei delle di i il lo gli ed in
este esta estos conjunto conjuntos datos obra contenidos contenido es son esta estan publicado publicados publicada distribuido
distribuidos disponible disponibles bajo licencia con segun terminos el los las del de y en
"""
# Words after which a name is the licence that is granted, and words with which a sentence may say the opposite.
_CUES: Final = """
under licenced licence license licensing terms conditions subject using
sous licence selon termes visee visees vise soumis soumise soumises
unter lizenz lizenziert nutzungsbedingungen gemass
sotto licenza licenze termini rilasciato rilasciati rilasciata
bajo licencia terminos
"""
_DENIALS: Final = """
not no except excepting excluding excludes unless without other nor neither never cannot previously formerly instead
pas sauf hors excepte sans aucun aucune ni jamais autre anciennement
nicht kein keine keiner ohne ausser ausgenommen weder fruher anderer
non eccetto salvo tranne senza ne mai
no sin excepto menos nunca ni
"""
# Names so short that they may be something else inside a sentence ("MIT") are read only where nothing else stands around them.
FEWEST_WORDS_IN_PROSE: Final = 3


def _words(text: str) -> frozenset[str]:
    return frozenset(key for word in text.split() if (key := text_key(word)))


AROUND: Final = _words(_AROUND)
CUES: Final = _words(_CUES)
DENIALS: Final = _words(_DENIALS)
LATER: Final = Phrases((text_key(phrase), "") for phrase in (
    "or later", "or any later version", "or newer", "and later", "ou ulterieure", "ou version ulterieure", "ou posterieure",
    "oder spater", "oder hoher", "oder neuer", "o successiva", "o successive", "o posterior", "or greater", "o superior",
))  # fmt: skip
SEVERAL: Final = Phrases((text_key(phrase), "") for phrase in (
    "multiple licences", "several licences", "various licences", "different licences", "mixed licences", "plusieurs licences",
    "diverses licences", "licences multiples", "mehrere lizenzen", "verschiedene lizenzen", "piu licenze", "diverse licenze",
    "varias licencias", "multiples licencias", "dual licenced", "dual licence",
))  # fmt: skip
NOT_COMMERCIAL: Final = Phrases((text_key(phrase), "") for phrase in (
    "non commercial", "noncommercial", "not for commercial use", "no commercial use", "pas d utilisation commerciale",
    "usage non commercial", "utilisation non commerciale", "nicht kommerziell", "nichtkommerziell", "nicht kommerzielle",
    "non commerciale", "uso non commerciale", "no comercial", "uso no comercial",
    "commercial use only with", "commercial purposes requires permission", "commercial use requires permission",
    "utilisation commerciale uniquement avec", "fins commerciales uniquement avec", "kommerzielle nutzung nur mit",
    "fini commerciali ammesso soltanto", "uso commerciale solo con", "uso comercial solo con",
))  # fmt: skip
# How a catalogue says that its own general terms stand behind those of the publisher.
BEHIND: Final = re.compile(
    r"do(?:es)? not (?:replace|supersede|override)|ne remplacent? pas|ersetz(?:t|en) nicht|non sostitui(?:sce|scono)|"
    r"no (?:sustituye|reemplaza)n?",
    re.IGNORECASE,
)
# Words of a text that speak of terms of its own.
OWN_TERMS: Final = frozenset({"copyright", "reserved", "reserves", "permission", "agreement", "verboten", "interdit"})


@dataclass(frozen=True)
class Names:
    """Lookups of one register: `deeds` by SPDX's ids of Creative Commons licences, `generics` the entries without version of each id,
    `unported` the versions of the international Creative Commons licences.
    """

    phrases: Phrases[str]
    by_word: Mapping[str, frozenset[str]]
    deeds: Mapping[str, str]
    generics: Mapping[str, frozenset[str]]
    unported: Mapping[str, str]

    def candidates(self, text: str) -> frozenset[str]:
        """The licences whose names hold all these words, two at least."""
        words = set(text.split())
        if len(words) < 2:
            return frozenset()
        found: frozenset[str] | None = None
        for word in words:
            holding = self.by_word.get(word, frozenset())
            found = holding if found is None else found & holding
            if not found:
                return frozenset()
        return found or frozenset()


def names_of(register: Register) -> Names:
    """The lookups of a register: made on first use, kept with it."""
    kept = _BY_REGISTER.get(id(register))
    if kept is None or kept[0] is not register:
        kept = (register, _made(register))
        if len(_BY_REGISTER) >= _MOST_REGISTERS:
            _BY_REGISTER.clear()
        _BY_REGISTER[id(register)] = kept
    return kept[1]


_MOST_REGISTERS: Final = 8
_BY_REGISTER: dict[int, tuple[Register, Names]] = {}


def _made(register: Register) -> Names:
    by_word: dict[str, set[str]] = {}
    for licence_id, words in register.words.items():
        for word in words:
            by_word.setdefault(word, set()).add(licence_id)
    generics: dict[str, set[str]] = {}
    for licence in register:
        for precise in licence.generic_for:
            generics.setdefault(precise, set()).add(licence.id)
    deeds = {licence_id.casefold(): licence_id for licence_id in register.licences if licence_id.casefold().startswith("cc")}
    return Names(
        Phrases(register.by_text.items()),
        {word: frozenset(found) for word, found in by_word.items()},
        deeds,
        {precise: frozenset(found) for precise, found in generics.items()},
        {licence.id: licence.version for licence in register if licence.family == "CC" and licence.version and not licence.port_of},
    )
