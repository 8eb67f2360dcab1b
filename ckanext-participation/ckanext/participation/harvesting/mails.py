"""What agencies are told of their sources, and in which words. Plain text, as the mails of conversations."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.participation.common import follow, mails, moments, people
from ckanext.participation.common.translations import translator
from ckanext.participation.harvesting import sentences
from ckanext.participation.harvesting.engine.model import OPEN, HarvestHeld

Event = dict[str, Any]

WORDS = {
    "en": {
        "failing": "A source can't be read: {title}",
        "twice": "On {at}, “{title}” could not be read for the second time in a row, or more.",
        "meanwhile": "What the catalogue has from it stays, as it was on {succeeded}. What changed there since is missing here.",
        "empty": "It was never read to its end, so that datasets of it are missing here.",
        "said": "What the last run said: “{sentence}”",
        "once": "You hear of this once: no other mail comes until the source could be read and fails again.",
        "source": "See what is wrong, and have it read again: {url}",
        "held": "{gone} datasets wait for your word: {title}",
        "asked": "{gone} of {before} datasets are no longer at the source “{title}”. That is more than is removed without a person.",
        "stay": "They all stay in the catalogue until you say whether this is right.",
        "look": "Look at them, then confirm or refuse the removal: {url}",
        "why": "You receive this because you answer for the organisation that publishes by this source, or asked for it. "
               "To stop: open {url} and press “No mails about this source”.",
    },
    "fr": {
        "failing": "Une source ne peut plus être lue : {title}",
        "twice": "« {title} » n’a pas pu être lue au moins deux fois de suite, la dernière fois le {at}.",
        "meanwhile": "Ce que le catalogue en a reste tel qu’il était le {succeeded}. Ce qui a changé là-bas depuis manque ici.",
        "empty": "Elle n’a jamais été lue jusqu’au bout : des jeux de données manquent donc ici.",
        "said": "Ce que dit la dernière lecture : « {sentence} »",
        "once": "Vous recevez cet avis une seule fois : aucun autre courriel ne suit tant que la source n’a pas été lue, puis échoué de "
                "nouveau.",
        "source": "Voir ce qui ne va pas et relancer la lecture : {url}",
        "held": "{gone} jeux de données attendent votre décision : {title}",
        "asked": "{gone} des {before} jeux de données ne sont plus à la source « {title} ». C’est plus que ce qui est retiré sans "
                 "l’accord d’une personne.",
        "stay": "Ils restent tous dans le catalogue jusqu’à ce que vous disiez si c’est voulu.",
        "look": "Les regarder, puis confirmer ou refuser le retrait : {url}",
        "why": "Vous recevez ce courriel parce que vous répondez pour l’organisme qui publie par cette source, ou parce que vous l’avez "
               "demandé. Pour arrêter : ouvrez {url} et appuyez sur « Aucun courriel sur cette source ».",
    },
}  # fmt: skip


def recipients(event: Event) -> list[str]:
    """Return who speaks for the source's organisation and who follows the source, without those who do not want to be told."""
    package = _source(event)
    if package is None:
        return []
    told = people.speakers_of(package.owner_org) + follow.followers("harvest_source", package.id)
    silent = set(follow.muted("harvest_source", package.id))
    return [user for user in dict.fromkeys(told) if user not in silent and _reads(user, package)]


def failing_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail about a source that failed twice in a row."""
    words, package, data = WORDS[lang], _known(event), event["data"]
    parts = [words["twice"].format(title=package.title, at=_when(data["at"], lang))]
    parts.append(words["meanwhile"].format(succeeded=_when(data["succeeded"], lang, hours=False)) if data["succeeded"] else words["empty"])
    if data["sentence"]:
        told = sentences.told(data["sentence"], translator(lang))
        parts.append(words["said"].format(sentence=told or data["sentence"]))
    url = _page(package, lang)
    parts += [words["source"].format(url=url), words["once"], words["why"].format(url=url)]
    return words["failing"].format(title=package.title), "\n\n".join(parts)


def held_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail about a removal that waits for a person."""
    words, package, data = WORDS[lang], _known(event), event["data"]
    numbers = {"gone": data["gone"], "before": data["before"], "title": package.title}
    look = mails.url("participation_harvest_sources.held", lang, held_id=int(event["target_id"]))
    return words["held"].format(**numbers), "\n\n".join([
        words["asked"].format(**numbers), words["stay"], words["look"].format(url=look), words["why"].format(url=_page(package, lang))])


def failing_address(event: Event) -> tuple[str, str] | None:
    """Return where a mail goes: nowhere when its reader may not see the source by now."""
    return _address(event)


def held_address(event: Event) -> tuple[str, str] | None:
    """Return where a mail goes: nowhere when somebody has answered meanwhile."""
    held = model.Session.get(HarvestHeld, int(event["target_id"]))
    return _address(event) if held is not None and held.state == OPEN else None


def _address(event: Event) -> tuple[str, str] | None:
    user, package = model.User.get(event["recipient"]), _source(event)
    if user is None or package is None or user.state != model.State.ACTIVE or not user.email or not _reads(user.id, package):
        return None
    return user.display_name, user.email


def _reads(user_id: str, package: model.Package) -> bool:
    user = model.User.get(user_id)
    context: Any = {"user": user.name if user else "", "auth_user_obj": user, "ignore_auth": False}
    try:
        tk.check_access("participation_harvest_health_show", context, {"id": package.id})
    except tk.NotAuthorized:
        return False
    return True


def _source(event: Event) -> model.Package | None:
    return model.Package.get(event["data"]["source"] if event["target_type"] == "harvest_held" else event["target_id"])


def _known(event: Event) -> model.Package:
    package = _source(event)
    if package is None:
        raise LookupError(f"the harvest source of event {event['id']} is missing")
    return package


def _page(package: model.Package, lang: str) -> str:
    return mails.url("participation_harvest_sources.show", lang, source=package.name)


def _when(written: str, lang: str, *, hours: bool = True) -> str:
    return moments.moment(written, lang, tk.h.get_display_timezone(), hours=hours, now=None).text
