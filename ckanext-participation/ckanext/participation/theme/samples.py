"""Invented content for the style guide. Nobody in it exists."""

from __future__ import annotations

from typing import Any


def samples() -> dict[str, Any]:
    """Return what the style guide's components show, one value for each variable of its template."""
    return {
        "messages": _messages(),
        "thread": _thread(),
        "steps": _steps(),
        "facets": _facets(),
        "pages": _pages(),
        "years": [{"label": str(year), "value": value} for year, value in ((2022, 18), (2023, 41), (2024, 37), (2025, 62))],
        "states": [
            "open",
            "answered",
            "closed",
            "locked",
            "held",
            "hidden",
            "confirmed",
            "fixed",
            "wont-fix",
            "private",
            "draft",
        ],
        "stars": {"average": 4.22, "count": 18, "distribution": [1, 0, 2, 6, 9], "own": 4},
        "kinds": ["question", "problem", "suggestion", "thanks"],
    }


def _message(seq: int, body: str, **more: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "id": str(seq),
        "author": {"name": "Ariane Exemple", "url": None},
        "on_behalf_of": None,
        "created": f"2026-11-0{seq}T14:08:00",
        "edited": None,
        "state": "visible",
        "state_reason": None,
        "body_html": f"<p>{body}</p>",
        "lang": "en",
        "depth": 0,
        "parent_seq": None,
        "permalink": f"#m{seq}",
        "may": {"reply": True},
        **more,
    }


def _messages() -> list[dict[str, Any]]:
    return [
        _message(1, "Why are the rows of 2019 missing from the file?"),
        _message(
            2,
            "They were published late. The file holds them since this morning.",
            depth=1,
            parent_seq=1,
            on_behalf_of={"title": "Ministry of Examples", "url": "#", "image_url": None},
            edited="2026-11-03T09:00:00",
        ),
        _message(3, "Merci, je les trouve bien maintenant.", depth=2, parent_seq=2, lang="fr"),
        _message(4, "A link to a shop.", depth=1, parent_seq=1, state="held"),
        _message(5, "", depth=1, parent_seq=1, state="hidden", body_html="", state_reason="Hidden: advertising."),
        _message(6, "", depth=0, state="removed", body_html=""),
    ]


def _thread() -> dict[str, Any]:
    return {
        "id": "1",
        "kind": "question",
        "title": "Why are the rows of 2019 missing?",
        "state": "answered",
        "url": "#",
        "created": "2026-11-01T14:08:00",
        "last_at": "2026-11-03T09:00:00",
        "n_visible": 3,
        "author": {"name": "Ariane Exemple"},
        "subject": {"type": "dataset", "title": "Winter roads", "url": "#"},
    }


def _steps() -> list[dict[str, Any]]:
    return [
        {"title": "Received", "date": "2026-03-03", "state": "done"},
        {"title": "Acknowledged", "date": "2026-03-05", "state": "done"},
        {"title": "Under review", "date": "2026-03-09", "state": "now", "text": "The Ministry of Examples is looking at it."},
        {"title": "Planned", "date": "2026-09-01", "state": "next"},
    ]


def _facets() -> list[dict[str, Any]]:
    return [
        {
            "name": "res_format",
            "title": "Formats",
            "open": True,
            "more": {"url": "#", "label": "Show all 16"},
            "items": [
                {"label": "CSV", "count": 1204, "url": "#", "active": True},
                {"label": "GeoJSON", "count": 98, "url": "#", "active": False},
            ],
        },
        {
            "name": "tags",
            "title": "Keywords",
            "open": False,
            "items": [{"label": "water", "count": 3, "url": "#", "active": False}],
        },
    ]


def _pages() -> list[dict[str, Any] | None]:
    return [
        {"number": 1, "url": "#", "current": False},
        None,
        *({"number": n, "url": "#", "current": n == 5} for n in (4, 5, 6)),
        None,
        {"number": 12, "url": "#", "current": False},
    ]
