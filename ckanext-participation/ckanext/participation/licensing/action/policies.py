"""The licences that an organisation publishes under: show, choose, and what lies outside of the choice."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import events, paging, people, subjects
from ckanext.participation.common.model import now
from ckanext.participation.common.schema import all_of
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licensing import policies, schema
from ckanext.participation.licensing.records import LicencePolicy

__all__ = ["participation_licence_policy_report", "participation_licence_policy_set", "participation_licence_policy_show"]

Data = dict[str, Any]


@tk.side_effect_free
def participation_licence_policy_show(context: Context, data_dict: Data) -> Data:
    """Show which licences an organisation publishes under.

    :param id: id or name of the organisation
    :type id: string
    :returns: `{"organization_id", "allowed": [register ids], "default": register id or null}`; an empty list means that the organisation
        has not chosen, and forms offer every licence
    :raises ValidationError: `id` is missing
    :raises NotAuthorized: the reader may not see the organisation
    """
    ref = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_licence_policy_show", context, data_dict)
    found = subjects.read(context, "organization", ref)
    return _shown(found["ref"])


def participation_licence_policy_set(context: Context, data_dict: Data) -> Data:
    """Choose the licences that an organisation publishes under.

    Forms offer only these from now on. Nothing that is there changes, and a harvest may still bring others: these are shown to the
    organisation's staff.

    :param id: id or name of the organisation
    :type id: string
    :param allowed: register ids (`participation_licence_list` has them); an empty list takes the choice back
    :type allowed: list of strings
    :param default: the one that a new dataset's form begins with, among those allowed
    :type default: string
    :returns: the choice, as `participation_licence_policy_show` gives it
    :raises ValidationError: named fields
    :raises NotAuthorized: the caller does not administer the organisation
    """
    given = all_of(ref=lambda: paging.text_of(data_dict, "id", required=True), allowed=lambda: schema.licences(data_dict, "allowed"))
    chosen = schema.default(data_dict, given["allowed"])
    tk.check_access("participation_licence_policy_set", context, data_dict)
    actor = people.actor(context)
    found = subjects.read(context, "organization", given["ref"])
    row = model.Session.get(LicencePolicy, found["ref"], with_for_update=True) or LicencePolicy(organization_id=found["ref"])
    before = {"allowed": row.allowed or [], "default": row.default_id}
    row.allowed, row.default_id, row.at, row.actor_id = list(given["allowed"]), chosen, now(), actor.person_id
    model.Session.add(row)
    events.write("organization.licences", actor_id=actor.person_id, target=("organization", found["ref"]),
                 data={"from": before, "to": {"allowed": list(given["allowed"]), "default": chosen}})
    model.Session.commit()
    policies.forget(found["ref"])
    return _shown(found["ref"])


@tk.side_effect_free
def participation_licence_policy_report(context: Context, data_dict: Data) -> Data:
    """Count an organisation's datasets by licence, and list those that its choice leaves out.

    Private datasets are among them, drafts and deleted ones are not.

    :param id: id or name of the organisation
    :type id: string
    :param limit: how many datasets to list, 1 to 100 (default 20)
    :type limit: integer
    :param after: the `next` of the page before
    :type after: string
    :returns: `{"organization_id", "organization": its name, "total", "outside": how many datasets are outside of the choice,
        "licences": [{"id", "name", "number", "outside"}], "results": [{"id", "name", "title", "private", "licence", "url"}], "next": string
        or null}`; `id` is a register id, `notspecified`, or `unrecognised`
    :raises ValidationError: named fields
    :raises NotAuthorized: the caller is neither editor nor administrator of the organisation
    """
    given = all_of(ref=lambda: paging.text_of(data_dict, "id", required=True), limit=lambda: paging.limit_of(data_dict, 20),
                   after=lambda: paging.text_of(data_dict, "after"))
    tk.check_access("participation_licence_policy_report", context, data_dict)
    found = subjects.read(context, "organization", given["ref"])
    organization_id = found["ref"]
    policy, used = policies.of(organization_id), policies.used(organization_id)
    rows = policies.outside(organization_id, policy, after=given["after"] or "", limit=given["limit"] + 1)
    return {
        "organization_id": organization_id, "organization": found["name"], "total": sum(used.values()),
        "outside": sum(number for name, number in used.items() if policy.leaves_out(name)),
        "licences": [{"id": name, "name": _name(name), "number": number, "outside": policy.leaves_out(name)}
                     for name, number in used.items()],
        "results": rows[:given["limit"]], "next": rows[given["limit"] - 1]["name"] if len(rows) > given["limit"] else None}


def _shown(organization_id: str) -> Data:
    policy = policies.of(organization_id)
    return {"organization_id": organization_id, "allowed": list(policy.allowed), "default": policy.default}


def _name(licence_id: str) -> str:
    licence = bundled_register().licences.get(licence_id)
    return licence.name(str(tk.h.lang())) if licence else tk._("Licence not recognised")
