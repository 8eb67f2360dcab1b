"""The history of a dataset's licences: to read it, to see what waits for an organisation's word, and to give that word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import events, paging, people, schema, subjects
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import now
from ckanext.participation.licensing import changes, history
from ckanext.participation.licensing.model import LicenceChange

__all__ = ["package_update", "participation_licence_change_explain", "participation_licence_change_list"]

Data = dict[str, Any]
REASON_BYTES = 2000
LANGUAGES = ("fr", "en")
# At most so many alike are explained with one word; the rest waits for the next.
MOST_ALIKE = 5000


@tk.chained_action
def package_update(original_action: Callable[..., Any], context: Context, data_dict: Data) -> Any:
    """Change a dataset; when its licence is another one afterwards, that is noted in the same transaction."""
    changes.remember(context, data_dict)
    return original_action(context, data_dict)


@tk.side_effect_free
def participation_licence_change_list(context: Context, data_dict: Data) -> Data:
    """List how the licences of a dataset and of its files changed; or, for an organisation, the changes that wait for its word.

    Give one of the two.

    :param id: id or name of a dataset: all its changes, the latest first
    :type id: string
    :param organization: id or name of an organisation: the changes that wait for its word, the latest first; for its editors and
        administrators
    :type organization: string
    :param limit: how many, 1 to 100 (default 100)
    :type limit: integer
    :param after: the `next` of the page before
    :type after: integer
    :returns: `{"results": [{"id", "at", "since", "kind", "via", "before", "after", "gone", "asked", "forbidden", "new", "no_longer_asked",
        "no_longer_forbidden", "files", "state", "explanation", "dataset"}], "next": integer or null, "now": what the dataset is under
        now, or null, "count": of an organisation's, how many wait, "organization_id", "alike": of an
        organisation's first page, what can be answered at once, `[{"number", "id": of one of them, "kind", "before", "after"}]`}`.
        `kind` is `stated`, `same`, `widened`,
        `narrowed`, `mixed`, `dropped` or `unclear`; `via` is `edit`, `harvest` or `return`; `before` and `after` are `{"id", "names",
        "words", "openness", "url", "may"}`; `files` is null when the dataset as a whole changed; `since` is when the terms before began
        to hold, as far as known; `explanation` is `{"text", "lang", "at", "organization"}` or null
    :raises ValidationError: named fields; `id` when neither or both are given
    :raises NotAuthorized: the reader may not see the dataset, or does not speak for the organisation
    """
    asked = schema.all_of(
        ref=lambda: paging.text_of(data_dict, "id"), organization=lambda: paging.text_of(data_dict, "organization"),
        limit=lambda: paging.limit_of(data_dict, 100), after=lambda: paging.integer_of(data_dict, "after", required=False))
    if bool(asked["ref"]) == bool(asked["organization"]):
        raise field_error("id", tk._("Give a dataset or an organisation."))
    tk.check_access("participation_licence_change_list", context, data_dict)
    if asked["organization"]:
        found = subjects.read(context, "organization", asked["organization"])
        return history.waiting(found, limit=asked["limit"], after=asked["after"])
    found = subjects.read(context, "dataset", asked["ref"])
    return history.of_dataset(found, limit=asked["limit"], after=asked["after"])


def participation_licence_change_explain(context: Context, data_dict: Data) -> Data:
    """Say in the organisation's name why a licence changed; the words stand in the history, and who follows the dataset is told.

    The same words again change nothing; other words take the place of the first.

    :param id: number of the change
    :type id: integer
    :param reason: why, in one or two sentences that everybody reads; plain text of at most 2,000 bytes
    :type reason: string
    :param lang: language of the words, `fr` or `en` (default: that of the page)
    :type lang: string
    :param alike: say the same of every other change that waits at this organisation and has the same licence before and after, such
        as those that one harvest brought (default: false); at most 5,000 at a time, all of them or none
    :type alike: boolean
    :returns: the change as `participation_licence_change_list` gives it, with `also`: how many others got the same words, and
        `left`: how many others alike still wait
    :raises ValidationError: named fields; `id` for a change that nobody needs to explain
    :raises NotAuthorized: there is no such change, or the caller does not speak for the organisation
    """
    asked = schema.all_of(
        change=lambda: paging.integer_of(data_dict, "id"), reason=lambda: schema.cleaned(data_dict, "reason", most=REASON_BYTES),
        lang=lambda: schema.language(data_dict, LANGUAGES), alike=lambda: schema.flag(data_dict, "alike"))
    tk.check_access("participation_licence_change_explain", context, data_dict)
    actor = people.actor(context)
    about = LicenceChange.with_subject(asked["change"])
    organization_id = about[1].organization_id if about and asked["alike"] else None
    if organization_id:
        LicenceChange.one_batch_at_a_time(organization_id)
    held = LicenceChange.with_subject(asked["change"], lock=True)
    if held is None:
        raise tk.ObjectNotFound(tk._("There is no such change."))
    change, subject = held
    if change.state == "noted":
        raise field_error("id", tk._("This change takes nothing away, so it needs no explanation."))
    same = (change.explanation, change.explanation_lang) == (asked["reason"], asked["lang"])
    others = LicenceChange.alike(change, organization_id, MOST_ALIKE) if organization_id else []
    rows = ([] if same else [(change.id, subject.id, change.explanation)]) + [(*row, None) for row in others]
    LicenceChange.explain([row[0] for row in rows], {
        "explanation": asked["reason"], "explanation_lang": asked["lang"], "explained_at": now(), "explained_by": actor.person_id,
        "explained_for": subject.organization_id})
    said = {"reason": asked["reason"], "lang": asked["lang"]}
    events.write_many("licence.explained", [
        {"subject_id": about_id, "target": ("licence_change", number), "data": said | ({"former": former} if former else {})}
        for number, about_id, former in rows], actor_id=actor.person_id)
    model.Session.commit()
    left = LicenceChange.count_alike(change, organization_id) if len(others) == MOST_ALIKE and organization_id else 0
    return history.one(change, subject) | {"also": len(others), "left": left}

