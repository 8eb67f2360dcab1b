"""The page a person sees at ``/``: what is served here, and under which licence."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

from replay.reply import Reply

NOTICES = Path(__file__).resolve().parent.parent / "NOTICES.md"

SERVED = {
    "csa": [
        ("Canadian Space Agency, CKAN API", "/csa/api/3/action/package_search?rows=5"),
        ("Canadian Space Agency, organisation", "/csa/api/3/action/organization_show?id=csa-asc"),
    ],
    "us": [("United States agencies, DCAT-US", "/us/data.json")],
    "psdi": [
        ("Physical Sciences Data Infrastructure, Turtle", "/psdi/catalog.ttl"),
        ("Physical Sciences Data Infrastructure, RDF/XML", "/psdi/catalog.rdf"),
        ("Physical Sciences Data Infrastructure, JSON-LD", "/psdi/catalog.jsonld"),
    ],
}

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Recorded portals</title>
</head>
<body>
<main>
<h1>Recorded portals</h1>
<p>This server plays back what three public data portals published, so that the demonstration and the tests
can harvest them over HTTP. It is not one of those portals.</p>
<p lang="fr">Ce serveur rejoue ce que trois portails publics de données ont publié, pour que la démonstration
et les essais puissent les moissonner. Ce n’est pas l’un de ces portails.</p>
<ul>
{links}
</ul>
<h2>Notices</h2>
<pre>{notices}</pre>
</main>
</body>
</html>
"""


def front_page(base: str, names: Iterable[str]) -> Reply:
    links = "\n".join(
        f'<li><a href="{escape(base + path)}">{escape(title)}</a></li>'
        for name in names
        for title, path in SERVED.get(name, ())
    )
    notices = NOTICES.read_text("utf-8") if NOTICES.exists() else ""
    return Reply(PAGE.format(links=links, notices=escape(notices)).encode(), "text/html; charset=utf-8")


DATASET = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title></head>
<body><main>
<h1>{title}</h1>
<p lang="fr">{french}</p>
<p>The portal’s own page of this dataset is not part of the recording.</p>
<p lang="fr">La page de ce jeu de données sur le portail d’origine ne fait pas partie de l’enregistrement.</p>
</main></body>
</html>
"""


def dataset_page(title: str, titles: dict[str, str]) -> Reply:
    """What stands at a recorded dataset's address."""
    page = DATASET.format(title=escape(title), french=escape(titles.get("fr") or title))
    return Reply(page.encode(), "text/html; charset=utf-8")
