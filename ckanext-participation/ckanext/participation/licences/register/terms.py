"""The closed vocabulary of licence terms, with the words and icon each one is shown with.

Permissions, duties and prohibitions follow ccREL and ODRL where those have a term (`same_as`); the others
are ours because government licences need them. Wording completes the headings "You may", "You must" and
"You may not".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["permission", "duty", "prohibition"]

CC: Final = "http://creativecommons.org/ns#"
ODRL: Final = "http://www.w3.org/ns/odrl/2/"


@dataclass(frozen=True, slots=True)
class Term:
    """One thing a licence allows, asks for or rules out."""

    id: str
    kind: Kind
    icon: str
    en: str
    fr: str
    same_as: str = ""

    def wording(self, lang: str) -> str:
        """The words to show a reader of this language (French or, for any other, English)."""
        return self.fr if lang.startswith("fr") else self.en


PERMISSIONS: Final = (
    Term("copy", "permission", "copy",
         "copy and use the data", "copier et utiliser les données", CC + "Reproduction"),
    Term("distribute", "permission", "share-nodes",
         "publish and share the data", "publier et partager les données", CC + "Distribution"),
    Term("adapt", "permission", "pen-to-square",
         "change the data, translate it and build on it",
         "modifier les données, les traduire et vous en servir pour créer", CC + "DerivativeWorks"),
    Term("commercial-use", "permission", "briefcase",
         "use it for any lawful purpose, commercial ones included",
         "les utiliser à toute fin légitime, même commerciale", ODRL + "commercialize"),
    Term("combine", "permission", "object-group",
         "combine it with other data", "les combiner avec d’autres données", ODRL + "aggregate"),
    Term("sublicense", "permission", "arrows-turn-right",
         "grant the same rights to others yourself", "accorder vous-même ces droits à d’autres personnes",
         ODRL + "grantUse"),
)  # fmt: skip

DUTIES: Final = (
    Term("attribution", "duty", "quote-right",
         "credit the source", "mentionner la source", CC + "Attribution"),
    Term("link-licence", "duty", "link",
         "link to the licence where you can", "mettre un lien vers la licence lorsque c’est possible",
         CC + "Notice"),
    Term("state-date", "duty", "calendar",
         "say when the data was last updated", "indiquer la date de la dernière mise à jour des données"),
    Term("indicate-changes", "duty", "pen",
         "say what you changed", "indiquer les modifications que vous avez faites"),
    Term("keep-notices", "duty", "file-lines",
         "keep the copyright and licence notices", "conserver les avis de droit d’auteur et de licence",
         CC + "Notice"),
    Term("share-alike", "duty", "rotate",
         "publish what you make from it under the same licence",
         "diffuser ce que vous en tirez sous la même licence", CC + "ShareAlike"),
    Term("provide-source", "duty", "code",
         "offer the source when you distribute the work",
         "offrir le code source lorsque vous distribuez l’œuvre",
         CC + "SourceCode"),
)  # fmt: skip

PROHIBITIONS: Final = (
    Term("no-endorsement", "prohibition", "user-slash",
         "suggest that the publisher supports you or your work",
         "laisser croire que le diffuseur vous appuie ou approuve votre travail"),
    Term("no-misleading", "prohibition", "triangle-exclamation",
         "mislead others about the data or its source",
         "induire en erreur au sujet des données ou de leur source"),
    Term("no-personal-data", "prohibition", "user-shield",
         "use personal information under this licence",
         "utiliser des renseignements personnels en vertu de cette licence"),
    Term("no-undisclosed-information", "prohibition", "eye-slash",
         "use information that was not lawfully made public",
         "utiliser des renseignements qui n’ont pas été rendus publics selon la loi"),
    Term("no-logos", "prohibition", "flag",
         "use official names, crests, logos or symbols",
         "utiliser les noms, armoiries, logos ou symboles officiels"),
    Term("no-third-party-rights", "prohibition", "people-arrows",
         "use what belongs to third parties without asking them",
         "utiliser ce qui appartient à des tiers sans leur autorisation"),
    Term("no-patents-trademarks", "prohibition", "registered",
         "use patents, trademarks or other rights that the licence leaves out",
         "utiliser les brevets, les marques ou les autres droits que la licence exclut"),
    Term("no-technical-restriction", "prohibition", "lock",
         "lock the data or add terms that take these rights away from others",
         "verrouiller les données ou ajouter des conditions qui privent les autres de ces droits"),
    Term("no-commercial-use", "prohibition", "store-slash",
         "use the data mainly for commercial gain",
         "utiliser les données principalement dans un but commercial", CC + "CommercialUse"),
    Term("no-derivatives", "prohibition", "scissors",
         "share a changed version of the data", "partager une version modifiée des données", ODRL + "derive"),
    Term("no-reidentification", "prohibition", "user-secret",
         "try to identify people in the data", "tenter d’identifier des personnes dans les données"),
    Term("all-rights-reserved", "prohibition", "ban",
         "copy or share the data without the publisher’s permission, except as the law allows",
         "copier ou partager les données sans la permission du diffuseur, sauf ce que permet la loi"),
)  # fmt: skip

TERMS: Final[dict[str, Term]] = {term.id: term for term in (*PERMISSIONS, *DUTIES, *PROHIBITIONS)}


def ids(kind: Kind) -> frozenset[str]:
    """The ids of the vocabulary for one kind."""
    return frozenset(term.id for term in TERMS.values() if term.kind == kind)
