"""What one can do about objects that people talked about and that are gone: look for them, list them, attach by hand."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.participation.common import paging, people, subjects
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import Subject
from ckanext.participation.common.registry import registry

__all__ = ["participation_subject_attach", "participation_subject_orphans", "participation_subject_sweep"]

Data = dict[str, Any]


def participation_subject_sweep(context: Context, data_dict: Data) -> dict[str, int]:
    """Look for datasets, files and organisations that were lost (deleted, or cleared with their harvest source) and came back, and
    give them their conversations. The process that sends mails does the same every `participation.subjects.sweep_seconds`.

    :returns: counts `{"lost", "returned", "reattached", "orphans"}`
    :raises NotAuthorized: the caller is not an administrator of the site
    """
    tk.check_access("participation_subject_sweep", context, data_dict)
    return subjects.sweep()


@tk.side_effect_free
def participation_subject_orphans(context: Context, data_dict: Data) -> dict[str, Any]:
    """List what people talked about and what is gone, longest gone first.

    :param limit: how many, 1 to 100 (default 50)
    :type limit: integer
    :returns: `{"results": [{"subject", "type", "id", "title", "name", "lost_at", "guid", "uri", "threads": how many conversations,
        "last_at": when somebody last wrote, or null, "licence_changes": how many changes of its licence are kept, where there are any}],
        "count": how many there are in all}`; `subject` is the number that `participation_subject_attach` takes
    :raises NotAuthorized: the caller is not an administrator of the site
    """
    limit = paging.limit_of(data_dict)
    tk.check_access("participation_subject_orphans", context, data_dict)
    lost = (Subject.lost_at.is_not(None), Subject.merged_into.is_(None))
    rows = model.Session.scalars(sa.select(Subject).where(*lost).order_by(Subject.lost_at, Subject.id).limit(limit)
                                 .execution_options(populate_existing=True)).all()
    facts = registry.subject_facts([row.id for row in rows])
    return {"results": [{"subject": row.id, "type": row.type, "id": row.ref, "title": row.title, "name": row.name, "guid": row.guid,
                         "uri": row.uri, "lost_at": row.lost_at.isoformat() if row.lost_at else None, "threads": 0, "last_at": None,
                         **facts.get(row.id, {})} for row in rows],
            "count": model.Session.scalar(sa.select(sa.func.count()).where(*lost)) or 0}


def participation_subject_attach(context: Context, data_dict: Data) -> dict[str, Any]:
    """Give the conversations about something that is gone to a dataset, a file or an organisation, when the sweep cannot tell.

    Where people talk already, the conversations join theirs. This can't be taken back; the event keeps what was where.

    :param subject: number of the lost subject, as `participation_subject_orphans` gives it
    :type subject: integer
    :param target: id or name of where they belong (of a file: its id)
    :type target: string
    :param target_type: `dataset` (default), `resource`, `organization`, or a type that an extension registered
    :type target_type: string
    :returns: where they are now, `{"subject", "type", "id", "title", "url"}`
    :raises ValidationError: named fields; `subject` when it is not lost, `target` when there is no such thing
    :raises NotAuthorized: the caller is not an administrator of the site
    """
    entry = subjects.type_of(data_dict.get("target_type") or "dataset")
    subject_id = paging.integer_of(data_dict, "subject") or 0
    ref = paging.text_of(data_dict, "target", required=True) or ""
    tk.check_access("participation_subject_attach", context, data_dict)
    actor = people.actor(context)
    try:
        found = subjects.read(context, entry.name, ref.strip())
    except tk.ObjectNotFound as error:
        raise field_error("target", tk._("There is nothing of this type with this id or name. Copy it from the address of its page."),
                          ) from error
    row = subjects.attach(subject_id, entry.name, found, actor_id=actor.person_id)
    model.Session.commit()
    return {"subject": row.id, "type": row.type, "id": row.ref, "title": found.get("label") or found["title"], "url": found["url"]}
