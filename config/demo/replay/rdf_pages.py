"""A DCAT catalogue in RDF: Turtle, RDF/XML and JSON-LD, page by page.

The pages were made when the recording was (``config/demo/record.py``), so serving them takes no RDF library.
Each page says in Hydra's terms where the next one is; a page past the end is 404.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replay.recordings import addressed, read_json, read_text
from replay.reply import Clock, Reply

if TYPE_CHECKING:
    from rdflib import Graph

CONTENT_TYPES = {
    "ttl": "text/turtle; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "jsonld": "application/ld+json; charset=utf-8",
}
RDFLIB_FORMATS = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld"}


class PagedCatalogue:
    """``pages["ttl"][0]`` is the text of the first page in Turtle.

    Change it, and the next request sees the change. ``edit`` changes one page in all three formats at once.
    """

    def __init__(self, folder: Path) -> None:
        facts = read_json(folder / "pages.json")
        count = len(facts["pages"])
        self.datasets: list[list[str]] = [page["datasets"] for page in facts["pages"]]
        self.pages = {
            extension: [read_text(folder / f"catalog-{number}.{extension}") for number in range(1, count + 1)]
            for extension in CONTENT_TYPES
        }
        self._clocks = {
            (extension, at): Clock(datetime.fromisoformat(facts["pages"][at]["modified"]))
            for extension in CONTENT_TYPES
            for at in range(count)
        }
        for (extension, at), clock in self._clocks.items():
            clock.date_of(self.pages[extension][at].encode())

    def edit(self, number: int, change: Callable[[Graph], None]) -> None:
        """Hand the graph of page ``number`` (from 1) to ``change``, once per format, and keep what it makes.

        Needs rdflib. The formats differ in their next-page links only.
        """
        from rdflib import Graph

        for extension, name in RDFLIB_FORMATS.items():
            graph = Graph().parse(data=self.pages[extension][number - 1], format=name)
            change(graph)
            self.pages[extension][number - 1] = graph.serialize(format=name)

    def remove(self, uri: str) -> None:
        """Take one dataset out of the catalogue, whichever page holds it. Needs rdflib."""
        from rdflib import URIRef

        number = next((at for at, members in enumerate(self.datasets, 1) if uri in members), None)
        if number is None:
            raise KeyError(uri)
        self.datasets[number - 1].remove(uri)

        def forget(graph: Graph) -> None:
            graph.remove((URIRef(uri), None, None))

        self.edit(number, forget)

    def answer(self, path: str, parameters: dict[str, Any], base: str) -> Reply | None:
        extension = path.removeprefix("/catalog.")
        if extension not in self.pages or not path.startswith("/catalog."):
            return None
        number = str(parameters.get("page", "1"))
        pages = self.pages[extension]
        if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= len(pages):
            return None
        text = pages[int(number) - 1]
        date = self._clocks[extension, int(number) - 1].date_of(text.encode())
        return Reply(addressed(text, base), CONTENT_TYPES[extension], last_modified=date)
