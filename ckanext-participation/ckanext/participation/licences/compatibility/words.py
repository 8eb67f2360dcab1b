"""What a check of several licences says, in both languages: one whole sentence for each thing that a licence's terms do to a mix.

`{licence}`, `{first}` and `{second}` are names of licences with the clause that says so, where the register knows it.
`{licences}` lists licences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from babel.lists import format_list

from ckanext.participation.licences.register.licence import Licence, Texts, pick

LANGUAGES: Final = ("en", "fr")
# Canadian usage: no comma before the last of a list.
_LOCALES: Final = {"en": "en_GB", "fr": "fr_CA"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence with placeholders."""

    en: str
    fr: str

    def with_names(self, **names: Texts) -> Texts:
        """Return the sentence in both languages, its placeholders filled in from texts by language."""
        return {lang: pick({"en": self.en, "fr": self.fr}, lang).format(**{key: texts[lang] for key, texts in names.items()})
                for lang in LANGUAGES}


_CITED: Final = Sentence("{name} (clause {clause})", "{name} (clause {clause})")


def cited(licence: Licence, *terms: str) -> Texts:
    """Return the licence's short name in both languages, with the clauses in which these terms stand."""
    clauses = sorted({licence.clauses[term] for term in terms if term in licence.clauses})
    names = {lang: licence.short(lang) for lang in LANGUAGES}
    if not clauses:
        return names
    return _CITED.with_names(name=names, clause=listed(map(quoted, clauses)))


def quoted(clause: str) -> Texts:
    """Return a clause as it is named in a sentence: a number as it stands, a heading between quotation marks."""
    if not any(letter.isalpha() for letter in clause.partition("(")[0]):
        return {"en": clause, "fr": clause}
    inner = re.sub(r"«\s*(.*?)\s*»", r"“\1”", clause)
    return {"en": f"“{clause}”", "fr": f"«\u00a0{inner}\u00a0»"}


def listed(texts: Iterable[Mapping[str, str]], style: str = "standard") -> Texts:
    """Return several texts as one list, "a, b and c" or (style `or`) "a, b or c"."""
    rows = list(texts)
    return {lang: format_list([row[lang] for row in rows], style=style, locale=_LOCALES[lang]) for lang in LANGUAGES}  # type: ignore[arg-type]


def named(licences: Iterable[Licence], style: str = "or") -> Texts:
    """Return the short names of several licences as one list."""
    return listed(({lang: licence.short(lang) for lang in LANGUAGES} for licence in licences), style)


# What one licence by itself allows, asks for or rules out.
ADAPT: Final = Sentence(
    "{licence} lets you change the data, mix them with others and publish what you make.",
    "{licence} vous permet de modifier les données, de les combiner à d’autres et de publier le résultat.")
PUBLIC_DOMAIN: Final = Sentence(
    "{licence}: nobody’s permission is needed to change, mix and publish the data.",
    "{licence}\u00a0: il ne faut la permission de personne pour modifier les données, les combiner et les publier.")
NO_DERIVATIVES: Final = Sentence(
    "{licence} does not let you share a changed version of the data, and a mix is one.",
    "{licence} ne vous permet pas de partager une version modifiée des données, et une combinaison en est une.")
RESERVED: Final = Sentence(
    "{licence}: the publisher keeps all rights. Ask for permission before you copy or share the data.",
    "{licence}\u00a0: le diffuseur conserve tous les droits. Demandez-lui la permission avant de copier ou de partager les données.")
SHARE_ALIKE: Final = Sentence(
    "{licence} asks that what you make from the data be published under {licences}.",
    "{licence} exige que ce que vous tirez des données soit publié sous {licences}.")
SHARE_ALIKE_PORTS: Final = Sentence(
    "{licence} asks that what you make from the data be published under one of these or its text for another country: {licences}.",
    "{licence} exige que ce que vous tirez des données soit publié sous l’une des licences suivantes, ou sous son texte pour un autre "
    "pays\u00a0: {licences}.")
SHARE_ALIKE_DATABASE: Final = Sentence(
    "{licence} asks that a database made from the data be published under {licences}. "
    "It does not bind a picture, a map or a report drawn from it.",
    "{licence} exige qu’une base de données tirée de ces données soit publiée sous {licences}. "
    "Elle ne lie pas une image, une carte ou un rapport qui en est tiré.")
NON_COMMERCIAL: Final = Sentence(
    "{licence} rules out commercial use, so the mix must rule it out too.",
    "{licence} exclut l’usage commercial; la combinaison doit donc l’exclure aussi.")
CREDIT: Final = Sentence(
    "{licence} asks that its source be credited, so the mix needs a licence that keeps the credit.",
    "{licence} exige que la source soit mentionnée; il faut donc à la combinaison une licence qui conserve cette mention.")
NAMES_AS_COMPATIBLE: Final = Sentence(
    "{licence}, or whoever looks after it, names {licences} as compatible.",
    "{licence}, ou l’organisme qui en a la charge, désigne {licences} comme compatible.")
LATER: Final = Sentence(
    "{licence} may be followed by a later version: {licences}.",
    "{licence} peut être remplacée par une version ultérieure\u00a0: {licences}.")

# What two or more rule out together.
BOTH_SHARE_ALIKE: Final = Sentence(
    "{first} and {second} each ask for a licence that the other does not accept, so no licence fits both.",
    "{first} et {second} exigent chacune une licence que l’autre n’accepte pas; aucune licence ne convient donc aux deux.")
NON_COMMERCIAL_AND_SHARE_ALIKE: Final = Sentence(
    "{first} rules out commercial use, and {second} asks for a licence that allows it, so no licence fits both.",
    "{first} exclut l’usage commercial, alors que {second} exige une licence qui le permet; aucune licence ne convient donc aux deux.")
CREDIT_AND_SHARE_ALIKE: Final = Sentence(
    "{first} asks that its source be credited, and {second} asks for a licence that does not keep the credit, so no licence fits both.",
    "{first} exige que la source soit mentionnée, alors que {second} exige une licence qui ne conserve pas cette mention; "
    "aucune licence ne convient donc aux deux.")
NONE_FITS_ALL: Final = Sentence(
    "The register knows no licence that fits all of these at once: {licences}.",
    "Le registre ne connaît aucune licence qui convienne à toutes celles-ci à la fois\u00a0: {licences}.")
NOT_CERTAIN_TOGETHER: Final = Sentence(
    "It is not certain that one licence fits {licences} at once. Ask whoever publishes the data.",
    "Il n’est pas certain qu’une même licence convienne à la fois à {licences}. Posez la question à qui diffuse les données.")

# What is not known.
NOT_STATED: Final = Sentence(
    "No licence is stated, so nobody can say whether the data may be mixed and published. Ask the organisation.",
    "Aucune licence n’est précisée; personne ne peut donc dire si les données peuvent être combinées et publiées. "
    "Posez la question à l’organisme.")
NOT_RECOGNISED: Final = Sentence(
    "The register does not know the licence that the publisher names. Read it, or ask the organisation.",
    "Le registre ne connaît pas la licence que le diffuseur indique. Lisez-la ou posez la question à l’organisme.")
TERMS_NOT_KNOWN: Final = Sentence(
    "{licence}: the register does not know what this licence allows. Read its text, or ask the organisation.",
    "{licence}\u00a0: le registre ne sait pas ce que cette licence permet. Lisez-en le texte ou posez la question à l’organisme.")
ADAPT_NOT_KNOWN: Final = Sentence(
    "{licence} does not say clearly that you may change the data and publish the result. Read its text, or ask the organisation.",
    "{licence} ne dit pas clairement si vous pouvez modifier les données et publier le résultat. "
    "Lisez-en le texte ou posez la question à l’organisme.")
COMMERCIAL_NOT_KNOWN: Final = Sentence(
    "{licence} does not say clearly that commercial use is allowed. A licence that rules it out is the safe choice.",
    "{licence} ne dit pas clairement que l’usage commercial est permis. Une licence qui l’exclut est le choix prudent.")
WHICH_VERSION: Final = Sentence(
    "The publisher says {licence} without a version, and its versions do not allow the same. Ask the organisation which one is meant.",
    "Le diffuseur indique {licence} sans préciser la version, et ses versions ne permettent pas la même chose. "
    "Demandez à l’organisme laquelle s’applique.")

# What is worth knowing, and forbids nothing.
DATABASE_RIGHT: Final = Sentence(
    "{first} does not cover the right of whoever makes a database, as {second} does. Where the law knows that right, as in the "
    "European Union, ask the organisation before you take a large part of the data.",
    "{first} ne vise pas le droit des producteurs de bases de données, contrairement à {second}. Là où la loi reconnaît ce droit, comme "
    "dans l’Union européenne, posez la question à l’organisme avant de reprendre une grande partie des données.")
PRODUCED_WORK: Final = Sentence(
    "A picture, a map or a report that draws on these data without merging their records into one database may be published under "
    "{licences}. Say where the data come from and that the database is under {licence}.",
    "Une image, une carte ou un rapport qui puise dans ces données sans fusionner leurs enregistrements en une seule base de données "
    "peut être publié sous {licences}. Indiquez d’où viennent les données et que la base de données est sous {licence}.")

FILES_COUNT: Final = Sentence(
    "Some files are not under the licence of their dataset: {licence}. What you make from all the files must fit it too.",
    "Certains fichiers ne sont pas sous la licence de leur jeu de données\u00a0: {licence}. "
    "Ce que vous tirez de tous les fichiers doit lui convenir aussi.")
FILES_LEFT_OUT: Final = Sentence(
    "Files that are not under the licence of their dataset are left out: {licence}. The answer holds for the other files only.",
    "Les fichiers qui ne sont pas sous la licence de leur jeu de données sont laissés de côté\u00a0: {licence}. "
    "La réponse ne vaut que pour les autres fichiers.")
NOT_KNOWN: Final = {"en": "a licence that the register does not know", "fr": "une licence que le registre ne connaît pas"}

# Two ways that need less than a mix.
PRIVATE_ALLOWED: Final = Sentence(
    "You may copy these data and use them together for yourself, without publishing the result.",
    "Vous pouvez copier ces données et les utiliser ensemble pour vous-même, sans publier le résultat.")
PRIVATE_REFUSED: Final = Sentence(
    "You may not copy and use all of these data without permission, not even for yourself, except as the law allows.",
    "Vous ne pouvez pas copier et utiliser toutes ces données sans permission, même pour vous-même, sauf ce que permet la loi.")
PRIVATE_UNKNOWN: Final = Sentence(
    "Nobody can say whether you may copy and use all of these data for yourself. Copyright law applies: ask the organisation.",
    "Personne ne peut dire si vous pouvez copier et utiliser toutes ces données pour vous-même. "
    "La loi sur le droit d’auteur s’applique\u00a0: posez la question à l’organisme.")
PRIVATE_NO_DERIVATIVES: Final = Sentence(
    "{licence} lets you use the data. Whether you may change them for yourself depends on its version: read its text.",
    "{licence} vous permet d’utiliser les données. "
    "La permission de les modifier pour vous-même dépend de sa version\u00a0: lisez-en le texte.")
PRIVATE_NON_COMMERCIAL: Final = Sentence(
    "{licence}: not mainly for commercial gain.",
    "{licence}\u00a0: pas dans un but principalement commercial.")
COLLECTION_ALLOWED: Final = Sentence(
    "You may publish these data side by side, each unchanged, with its credit line and under its own licence.",
    "Vous pouvez publier ces données côte à côte, chacune sans changement, avec sa mention de source et sous sa propre licence.")
COLLECTION_REFUSED: Final = Sentence(
    "You may not publish all of these data, not even unchanged and side by side.",
    "Vous ne pouvez pas publier toutes ces données, même sans changement et côte à côte.")
COLLECTION_UNKNOWN: Final = Sentence(
    "Nobody can say whether you may publish all of these data, even unchanged and side by side. Ask the organisation.",
    "Personne ne peut dire si vous pouvez publier toutes ces données, même sans changement et côte à côte. "
    "Posez la question à l’organisme.")
COLLECTION_SHARE_ALIKE: Final = Sentence(
    "{licence} binds what is made from its data, not what stands beside them.",
    "{licence} lie ce qui est tiré de ses données, et non ce qui se trouve à côté.")
COLLECTION_NON_COMMERCIAL: Final = Sentence(
    "{licence}: do not publish its data for commercial gain.",
    "{licence}\u00a0: ne publiez pas ses données dans un but commercial.")
