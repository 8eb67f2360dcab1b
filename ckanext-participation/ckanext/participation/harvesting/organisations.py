"""Which organisation a harvested dataset belongs to: found here, or made with its names in both languages.

A harvest fills the source's own organisation and those that harvests made; never one that people made here, for else
whoever may add a source could publish in any organisation's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.exc import IntegrityError

from ckanext.participation.harvesting import sentences
from ckanext.participation.harvesting.record import Organisation
from ckanext.participation.harvesting.rules import sentence
from ckanext.participation.harvesting.settings import Settings
from ckanext.participation.metadata import fields

# `remote_identifiers` is what tells an organisation made by a harvest.
_MARK = "remote_identifiers"


def owner_of(
    organisation: Organisation | None,
    own: str | None,
    settings: Settings,
    user: str,
    details: Callable[[Organisation], Organisation],
) -> tuple[str | None, list[str]]:
    """The id of the owner, and sentences for the report.

    :param own: id of the source's own organisation
    :param details: asks the source for more about an organisation that is about to be made
    """
    if organisation is None or settings.organizations == "source":
        return own, []
    renamed = settings.organization_names.get(organisation.identifier) or settings.organization_names.get(organisation.name)
    if renamed:
        organisation = replace(
            organisation, name=renamed["name"], title_translated=renamed.get("title_translated") or organisation.title_translated
        )
    if not organisation.name:
        return own, []
    here = (None if renamed else _known(organisation.identifier)) or model.Group.get(organisation.name)
    if here is None and settings.organizations == "existing":
        return own, []
    if here is None:
        try:
            here = _make(organisation if renamed else details(organisation), user)
        except tk.ValidationError as error:
            return own, [sentences.ORGANISATION_NOT_MADE(name=organisation.name, said=sentence(error.error_summary))]
    if here.id == own or (here.is_organization and here.state == "active" and here.extras.get(_MARK)):
        return here.id, []
    return own, [sentences.MADE_BY_PEOPLE(name=organisation.name)]


def _known(identifier: str) -> Any:
    """The organisation that a harvest made for this identifier, whatever it is called by now."""
    if not identifier:
        return None
    group: Any = model.Group
    said = group.extras[_MARK].astext
    spelled = [json.dumps(identifier), json.dumps(identifier, ensure_ascii=False)]
    found = model.Session.scalars(
        sa.select(group)
        .where(group.is_organization.is_(True), group.state == "active", sa.or_(*(said.contains(one, autoescape=True) for one in spelled)))
        .order_by(group.created, group.id)
    )
    return next((one for one in found if identifier in identifiers(one)), None)


def _make(organisation: Organisation, user: str) -> Any:
    wanted = {
        "name": organisation.name,
        "title_translated": _texts("title_translated", organisation.title_translated),
        "description_translated": _texts("description_translated", organisation.description_translated),
        "image_url": organisation.image_url,
        "url": fields.accept("organization", "url", organisation.url),
        _MARK: [organisation.identifier or organisation.name],
    }
    values = {key: value for key, value in wanted.items() if value}
    try:
        made = tk.get_action("organization_create")({"user": user, "ignore_auth": True}, values)
    except (tk.ValidationError, IntegrityError):
        model.Session.rollback()
        # Another process may have made it in the meantime, even while this one did; anything else is an error of this record.
        here = model.Group.get(organisation.name)
        if here is None:
            raise
        return here
    return model.Group.get(made["id"])


def _texts(name: str, said: Mapping[str, str]) -> Any:
    return fields.accept("organization", name, {language: fields.cut("organization", name, written) for language, written in said.items()})


def mark(group: Any, identifier: str) -> None:
    """Note that an organisation was made by a harvest, for this identifier; in the caller's transaction."""
    group.extras = {**(group.extras or {}), _MARK: json.dumps([*identifiers(group), identifier])}


def identifiers(group: Any) -> list[str]:
    """The source identifiers that an organisation made by a harvest carries."""
    try:
        return json.loads((group.extras or {}).get(_MARK) or "[]")
    except ValueError:
        return []
