"""What people do without writing: rate a dataset, note how far they have read. Support and follow are actions of `common`."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import events, limits, paging, people, subjects
from ckanext.participation.common.errors import field_error
from ckanext.participation.threads import counting, gates, ratings, read_marks, schema

__all__ = ["participation_rating_set", "participation_rating_show", "participation_thread_mark_read"]

Data = dict[str, Any]


def participation_rating_set(context: Context, data_dict: Data) -> Data:
    """Give a dataset one to five stars, or take them back; one rating per person, the last one counts.

    In the terms of the W3C's Data Quality Vocabulary, a rating is a `dqv:UserQualityFeedback` about the `dcat:Dataset`.

    :param subject_id: id or name of the dataset
    :type subject_id: string
    :param value: stars, 1 (not useful) to 5 (very useful); 0 takes the rating back
    :type value: integer
    :returns: the ratings as `participation_rating_show` gives them, this one included
    :raises ValidationError: named fields; `read_only` while nobody may write
    :raises NotAuthorized: nobody is signed in, or the dataset may not be seen
    :raises LimitExceeded: too many in a short time (429, with Retry-After)
    """
    ref, value = schema.all_errors(lambda: paging.text_of(data_dict, "subject_id", required=True), lambda: _stars(data_dict.get("value")))
    tk.check_access("participation_rating_set", context, data_dict)
    actor = people.actor(context)
    found = subjects.read(context, "dataset", ref)
    gates.refuse_when_read_only()
    limits.check_reactions(actor.person_id)
    subject = subjects.row_for("dataset", found)
    before = ratings.set_rating(subject.id, actor.person_id, value)
    if before is not None:
        events.write("rating.set", actor_id=actor.person_id, subject_id=subject.id, target=("subject", subject.id),
                     data={"value": value, "from": before})
        counting.mark(subject.id)
    model.Session.commit()
    return ratings.exact(subject.id, actor.person_id)


@tk.side_effect_free
def participation_rating_show(context: Context, data_dict: Data) -> Data:
    """Show how many stars people give a dataset; the caller's own rating too, nobody else's.

    In the terms of the W3C's Data Quality Vocabulary, the average is the `dqv:value` of a `dqv:QualityMeasurement`, counted from
    `dqv:UserQualityFeedback`.

    :param subject_id: id or name of the dataset
    :type subject_id: string
    :returns: `{"average": number or null, "count": people who rated, "distribution": [how many gave 1, 2, 3, 4, 5 stars],
        "own": 1 to 5 or null}`
    :raises ValidationError: `subject_id` is missing or not a text
    :raises NotAuthorized: the reader may not see the dataset
    """
    ref = paging.text_of(data_dict, "subject_id", required=True) or ""
    tk.check_access("participation_rating_show", context, data_dict)
    found = subjects.read(context, "dataset", ref)
    subject = subjects.find("dataset", found["ref"])
    person = people.actor(context) if model.User.get(context.get("user")) else None
    return ratings.exact(subject.id if subject else None, person.person_id if person else None)


def participation_thread_mark_read(context: Context, data_dict: Data) -> dict[str, int]:
    """Note up to which message one has read a conversation, so that what is new at the next visit can be marked.

    Only the person themself is ever told, and nothing of it is kept but the last number.

    :param thread_id: number of the thread
    :type thread_id: integer
    :param seq: number of the last message read (default: the last one there is); a mark never goes back
    :type seq: integer
    :returns: `{"thread_id", "seq": the mark now}`
    :raises ValidationError: named fields; `read_only` while nobody may write
    :raises NotAuthorized: nobody is signed in, or the thread may not be seen
    """
    thread_id, seq = schema.all_errors(lambda: paging.integer_of(data_dict, "thread_id"),
                                       lambda: paging.integer_of(data_dict, "seq", required=False))
    tk.check_access("participation_thread_mark_read", context, data_dict)
    actor = people.actor(context)
    thread, _subject = gates.load(thread_id)
    gates.reading_person(context, thread)
    gates.refuse_when_read_only()
    mark = read_marks.mark_read(actor.person_id, thread.id, thread.last_seq if seq is None else min(seq, thread.last_seq))
    model.Session.commit()
    return {"thread_id": thread.id, "seq": mark}


def _stars(raw: Any) -> int:
    key = str(raw) if isinstance(raw, int | str) and not isinstance(raw, bool) else ""
    if key not in ("0", "1", "2", "3", "4", "5"):
        raise field_error("value", tk._("Choose one to five stars."))
    return int(key)
