"""A conversation as schema.org describes it, for the page that shows it.

A question is a `QAPage` with a `Question`, its `acceptedAnswer` and `suggestedAnswer`s; anything else is a `DiscussionForumPosting`
with `Comment`s (schema.org/QAPage, schema.org/Question, schema.org/DiscussionForumPosting, schema.org/Comment). Replies to
replies are `comment`s of what they answer. It says nothing that the page does not show.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

Data = dict[str, Any]

# A page of fifty messages may hold half a megabyte of text: machines get the beginning of a long one, and its address.
LONGEST = 2000
ABOUT = {"dataset": "Dataset", "resource": "DataDownload", "organization": "Organization"}
# What would end the element, or the line in old parsers of scripts.
_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def safe(document: Data) -> str:
    """Return JSON text that nothing in it can end early, for a `script` element of the type `application/ld+json`."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def thread(shown: Data, comments: list[Data], site_url: str) -> Data:
    """Return a thread and the messages of one page of it, given as the actions give them; addresses begin with `site_url`."""
    question = shown["kind"] == "question"
    address = urljoin(site_url, shown["url"])
    opening = next((row for row in comments if row["seq"] == 1 and _shown(row)), None)
    main = _without_nothing({
        "@type": "Question" if question else "DiscussionForumPosting", "@id": address, "url": address,
        "name" if question else "headline": shown["title"], "inLanguage": shown["lang"], "datePublished": shown["created"],
        "about": _about(shown["subject"], site_url), "author": _author(opening, site_url) if opening else _person(shown.get("author"))})
    if opening:
        main |= _text(opening)
    replies = _replies([row for row in comments if row["seq"] != 1], "Answer" if question else "Comment", site_url)
    if not question:
        return {"@context": "https://schema.org", **main, "commentCount": shown["n_replies"], **({"comment": replies} if replies else {})}
    accepted = [row for row in replies if row.pop("accepted", False)]
    others = [row for row in replies if row not in accepted]
    main |= {"answerCount": shown["n_replies"]}
    main |= {"acceptedAnswer": accepted[0]} if accepted else {}
    main |= {"suggestedAnswer": others} if others else {}
    return {"@context": "https://schema.org", "@type": "QAPage", "url": address, "mainEntity": main}


def _replies(rows: list[Data], kind: str, site_url: str) -> list[Data]:
    """Return the replies as a tree. What answers a message that is hidden, or on another page, stands beside the first ones.

    A marked answer always stands there, however deep in the conversation it was given.
    """
    made: dict[int, Data] = {}
    first: list[Data] = []
    for row in sorted(rows, key=lambda row: row["seq"]):
        if not _shown(row):
            continue
        above = None if row.get("is_answer") else made.get(row.get("parent_seq") or 0)
        address = urljoin(site_url, row["permalink"])
        node = made[row["seq"]] = _without_nothing({
            "@type": "Comment" if above is not None else kind, "@id": address, "url": address, "inLanguage": row["lang"],
            "datePublished": row["created"], "author": _author(row, site_url)}) | _text(row)
        if row.get("is_answer") and kind == "Answer":
            node["accepted"] = True
        (first if above is None else above.setdefault("comment", [])).append(node)
    return first


def _shown(row: Data) -> bool:
    return row.get("state") == "visible" and bool(row.get("body"))


def _text(row: Data) -> Data:
    body = row["body"]
    return _without_nothing({"text": body if len(body) <= LONGEST else f"{body[:LONGEST]}…", "dateModified": row.get("edited"),
                             "upvoteCount": row.get("n_support")})


def _author(row: Data, site_url: str) -> Data | None:
    organization = row.get("on_behalf_of")
    if organization:
        return {"@type": "Organization", "name": organization["title"], "url": urljoin(site_url, organization["url"])}
    return _person(row.get("author"))


def _person(author: Data | None) -> Data | None:
    return {"@type": "Person", "name": author["name"]} if author and author.get("name") else None


def _about(subject: Data, site_url: str) -> Data | None:
    if not subject.get("title"):
        return None
    return _without_nothing({"@type": ABOUT.get(subject.get("type", ""), "Thing"), "name": subject["title"],
                             "url": urljoin(site_url, subject["url"]) if subject.get("url") else None})


def _without_nothing(values: Data) -> Data:
    return {name: value for name, value in values.items() if value is not None}
