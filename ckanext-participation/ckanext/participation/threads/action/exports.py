"""What people said, as open data."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.participation.common import paging, subjects
from ckanext.participation.threads import exports, schema

__all__ = ["participation_thread_export"]


@tk.side_effect_free
def participation_thread_export(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Export what people said about a dataset with its files, or an organisation with its datasets and their files.

    One flat record per message, by thread and message number. Hidden and removed messages are there without their text; messages
    that wait for a look are not there. Of an organisation's datasets only those that the reader may see are in it.

    :param subject_id: id or name of the dataset, resource or organisation
    :type subject_id: string
    :param subject_type: `dataset` (default), `resource`, `organization`, or a registered type
    :type subject_type: string
    :param limit: how many messages, 1 to 1000 (default 1000); a page may be shorter although more follow
    :type limit: integer
    :param after: the `next` of the page before
    :type after: string
    :returns: `{"subject": {"type", "id", "name", "title"}, "results": [record], "next": string or null, "fingerprint": string or null}`.
        A record has `subject_type`, `subject_id`, `subject_title`, `dataset_id`, `thread`, `kind`, `thread_state`, `problem_state`,
        `problem_resource_id`, `problem_field`, `problem_row`, `problem_wrong`, `problem_expected`, `title`, `message`, `parent`,
        `depth`, `state`, `created`, `edited`, `language`, `author`, `official`, `organization_id`, `organization`, `is_answer`,
        `useful`, `text` (Markdown), `translation_language`, `translation` and `permalink`; `docs/open-data.md` says what each means.
        `fingerprint` comes with the first page and changes with the content (not for organisations)
    :raises ValidationError: named fields
    :raises NotAuthorized: the reader may not see the subject
    """
    entry = subjects.type_of(data_dict.get("subject_type") or "dataset")
    limit, ref, after = schema.all_errors(
        lambda: exports.limit_of(data_dict), lambda: paging.text_of(data_dict, "subject_id", required=True),
        lambda: exports.mark_of(paging.text_of(data_dict, "after")))
    tk.check_access("participation_thread_export", context, {**data_dict, "subject_type": entry.name})
    found = subjects.read(context, entry.name, ref, removed=True)
    records, following = exports.page(context, entry.name, found["ref"], after=after, limit=limit)
    return {"subject": {"type": entry.name, "id": found["ref"], "name": found.get("name") or found["ref"], "title": found["title"]},
            "results": records, "next": exports.write_mark(following),
            "fingerprint": exports.fingerprint(entry.name, found["ref"]) if after == exports.START else None}
