"""Search what people said."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.participation.common import subjects
from ckanext.participation.common.errors import Unavailable
from ckanext.participation.search import asking, finding, hooks, schema, server

__all__ = ["participation_discussion_search"]

Data = dict[str, Any]


@tk.side_effect_free
def participation_discussion_search(context: Context, data_dict: Data) -> Data:
    """Search what people said, in French and English at once: one hit per conversation, with the message that fits best.

    Accents, plurals and elided articles do not matter. When nothing is found, words may be misspelled by a letter or two, and
    `misspelled` says so. Nobody finds what they may not read; names of people are not searched.

    :param q: words, at most 1,000 characters; `"several words"` stand together, `-word` must not be there; no other syntax
    :type q: string
    :param kind: only `question`, `problem`, `suggestion` or `thanks`
    :type kind: string
    :param state: only `open`, `answered`, `closed` or `locked` conversations
    :type state: string
    :param lang: only messages that can be read in `fr` or `en`
    :type lang: string
    :param organization: only about this organisation and its data (id or name)
    :type organization: string
    :param subject_id: only about this dataset (and its files), file or organisation (id or name)
    :type subject_id: string
    :param subject_type: what `subject_id` is: `dataset` (default), `resource`, `organization`, or a registered type
    :type subject_type: string
    :param sort: `relevance` (default) or `newest`
    :type sort: string
    :param start: how many hits to pass over, at most 999 (default 0)
    :type start: integer
    :param rows: how many, 1 to 50 (default 20)
    :type rows: integer
    :returns: `{"count", "misspelled", "start", "next": the next page's start or null, "results": [{"conversation", "message": {"seq",
        "lang", "created", "edited", "permalink", "author", "on_behalf_of", "is_answer"}, "title": pieces, "passage": pieces, "lang": of
        the passage}], "organizations": [{"id", "name", "title", "count"}]}`; pieces are `[{"text", "found": whether it is searched for}]`
    :raises ValidationError: named fields; `search` when the search server does not answer (503)
    :raises NotAuthorized: the reader may not see the organisation or subject
    :raises ObjectNotFound: there is no such organisation or subject
    """
    asked = schema.search(data_dict)
    tk.check_access("participation_discussion_search", context, data_dict)
    filters = [(name, asked[name]) for name in ("kind", "state", "lang") if asked[name]]
    if asked["organization"]:
        filters.append(("organization", subjects.read(context, "organization", asked["organization"])["ref"]))
    if asked["subject_id"]:
        type_ = asked["subject_type"] or "dataset"
        filters.append(("about", f"{type_}:{subjects.read(context, type_, asked['subject_id'], removed=True)['ref']}"))
    try:
        return finding.find(context, finding.Asked(
            words=asked["q"], lang=hooks.language(), sort=asked["sort"] or asking.RELEVANCE, start=asked["start"], rows=asked["rows"],
            filters=filters))
    except server.SearchAway as error:
        raise Unavailable("search", tk._("The search of conversations does not answer at the moment. Conversations that you know the "
                                         "address of, and the lists of the latest ones, can still be read. Try again in a minute.")
                          ) from error
