"""The portals that `make bench-harvest` reads: any number of datasets, synthesised from those recorded for the demo, over real HTTP.

Every catalogue has a number, and its datasets ids of their own. A dataset is a recorded one's text with a few places filled in, so that
serving it costs next to nothing. `/switch/NUMBER?count=…` makes a catalogue, and changes what it says.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "config" / "demo"))

from replay.recordings import RECORDED, read_text  # noqa: E402

# The places that are filled in: a dataset's number, its date, how often it was changed.
NUMBER, MOMENT, VERSION = "@N@", "@M@", "@V@"
UNCHANGED = "2021-07-13T18:05:34.294695"
PAGE = 100
IDENTIFIER = "-0000-4000-8000-"
RANGE = re.compile(r'id:\{"([^"]*)" TO \*\]')
SINCE = re.compile(r"metadata_modified:\[(\S+?)Z? TO \*\]")
IDS = re.compile(r"\bid:\(([^)]*)\)")


def ckan_templates() -> list[str]:
    """The recorded datasets of a CKAN portal, as JSON with places to fill in."""
    return [json.dumps(ckan_template(json.loads(line))) for line in read_text(RECORDED / "csa" / "datasets.jsonl").splitlines()]


def ckan_template(record: dict[str, Any]) -> dict[str, Any]:
    """One recorded dataset with places for its number (in ids, name and titles), its date and its version (in its descriptions)."""
    made = {**record, "id": f"{NUMBER}{IDENTIFIER}{0:012x}", "name": f"bench-{NUMBER}", "metadata_modified": MOMENT,
            "title": f"{record['title']} {NUMBER}", "notes": f"{record.get('notes') or ''} ({VERSION})",
            "title_translated": {language: f"{text} {NUMBER}" for language, text in record["title_translated"].items()},
            "notes_translated": {language: f"{text} ({VERSION})" for language, text in record["notes_translated"].items()}}
    made["resources"] = [{**file, "id": f"{NUMBER}{IDENTIFIER}{place:012x}", "package_id": made["id"]}
                         for place, file in enumerate(record["resources"], 1)]
    return made


def dcat_templates() -> tuple[str, list[str]]:
    """The prefixes, and each recorded dataset of a paged DCAT catalogue with all that is said of it, as Turtle with places to fill in."""
    from rdflib import Graph, Namespace
    from rdflib.namespace import RDF

    dcat = Namespace("http://www.w3.org/ns/dcat#")
    head, made = "", []
    for path in sorted((RECORDED / "psdi").glob("catalog-*.ttl*")):
        graph = Graph().parse(data=read_text(path.with_name(path.name.removesuffix(".gz"))), format="turtle")
        others = {*graph.subjects(RDF.type, dcat.Dataset), *graph.subjects(RDF.type, dcat.Catalog)}
        for ref in sorted(graph.subjects(RDF.type, dcat.Dataset), key=str):
            part, level, seen = Graph(), [ref], {ref, *others}
            for prefix, namespace in graph.namespaces():
                part.bind(prefix, namespace)
            while level:
                triples = [triple for node in level for triple in graph.triples((node, None, None))]
                for triple in triples:
                    part.add(triple)
                level = [node for node in {triple[2] for triple in triples} if node not in seen]
                seen.update(level)
            lines = part.serialize(format="turtle").splitlines()
            head = head or "\n".join(line for line in lines if line.startswith("@prefix"))
            body = "\n".join(line for line in lines if not line.startswith("@prefix"))
            if "dcat:Distribution" in body and all(line in head for line in lines if line.startswith("@prefix")):
                made.append(dcat_template(body))
    # One whose description is written otherwise would never change.
    return head, [template for template in made if VERSION in template]


def dcat_template(turtle: str) -> str:
    """One recorded dataset with places for its number (in addresses, identifier, titles, blank nodes) and its version (in descriptions).

    What several datasets share, a publisher or a service, stays as it is: else a change of one would be a change of all of them.
    """
    own = re.compile(r"<(http://metadata\.psdi\.ac\.uk/psdi-dcat/(?:data|distribution)/[^>]*)>")
    blocks = []
    for block in turtle.split("\n\n"):
        made = block
        if own.match(block.strip()):
            made = re.sub(r'(dcterms:identifier "[^"]*)"', rf'\1-{NUMBER}"', made)
            made = re.sub(r'(dcterms:title "[^"]*)"', rf'\1 {NUMBER}"', made)
            made = re.sub(r'(dcterms:description "(?:[^"\\]|\\.)+)"(?!")', rf'\1 ({VERSION})"', made)
        blocks.append(re.sub(r"_:(\w+)", rf"_:\1x{NUMBER}", own.sub(rf"<\1-{NUMBER}>", made)))
    # The recorded portal writes the class where the property belongs. Our harvests repair that, stock's would find no file at all.
    return "\n\n".join(blocks).replace("    dcat:Distribution <", "    dcat:distribution <")


@dataclass
class Catalogue:
    """One portal: `changed` per cent of its datasets are not as they were at first, the last `lost` are gone.

    `failing`: one more dataset that nobody can import: ours takes none without a title, stock none with such a tag. `tags`: pages have
    an ETag.
    """

    number: int
    count: int
    changed: int = 0
    lost: int = 0
    failing: bool = False
    tags: bool = False
    moment: str = ""

    def datasets(self) -> range:
        """The datasets, by their place."""
        return range(self.count + self.failing - self.lost)

    def name(self, place: int) -> str:
        """The dataset's number, eight digits, which is the beginning of its id."""
        return f"{self.number:02x}{place:06x}"

    def is_changed(self, place: int) -> bool:
        """Whether the dataset is not as it was at first."""
        return place % 100 < self.changed

    def fill(self, template: str, place: int) -> str:
        """The dataset's text."""
        changed = self.is_changed(place)
        return template.replace(NUMBER, self.name(place)).replace(MOMENT, self.moment if changed else UNCHANGED) \
            .replace(VERSION, "changed" if changed else "as before")

    def fails(self, place: int) -> bool:
        """Whether nobody can import the dataset."""
        return self.failing and place == self.count

    def found(self, filters: str) -> list[int]:
        """The places of the datasets that a search with these filters finds, in the order of their ids."""
        places: Iterable[int] = self.datasets()
        if after := RANGE.search(filters):
            places = range(self._place(after[1]) + 1, self.datasets().stop)
        if these := IDS.search(filters):
            asked = {self._place(word) for word in re.findall(r'"([^"]+)"', these[1])}
            places = sorted(place for place in asked if place in self.datasets())
        if since := SINCE.search(filters):
            return [place for place in places if (self.moment if self.is_changed(place) else UNCHANGED) >= since[1]]
        return list(places)

    def _place(self, identifier: str) -> int:
        return int(identifier[2:8], 16) if identifier.startswith(f"{self.number:02x}") else -1


class Portals:
    """All catalogues, and what they answer."""

    def __init__(self) -> None:
        self.catalogues: dict[int, Catalogue] = {}
        self.ckan = ckan_templates()
        self.head, self.dcat = dcat_templates()

    def answer(self, path: str, query: dict[str, str], base: str) -> tuple[str, str] | None:
        """The content type and the body, or None."""
        kind, number, *rest = path.strip("/").split("/")
        if kind == "switch":
            return "application/json", json.dumps(self._switch(int(number), query))
        catalogue = self.catalogues[int(number)]
        if kind == "ckan" and rest[-1] == "package_search":
            return "application/json;charset=utf-8", self.search(catalogue, query)
        if kind == "dcat":
            return "text/turtle; charset=utf-8", self.page(catalogue, int(query.get("page", "1")), f"{base}{path}")
        return None

    def _switch(self, number: int, query: dict[str, str]) -> dict[str, Any]:
        catalogue = self.catalogues.setdefault(number, Catalogue(number, 0))
        for name, value in query.items():
            setattr(catalogue, name, bool(int(value)) if name in {"failing", "tags"} else int(value))
        catalogue.moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
        return vars(catalogue)

    def search(self, catalogue: Catalogue, query: dict[str, str]) -> str:
        """`package_search`: filters by id and date, `fl`, `start` and `rows`; always in the order of ids."""
        places = catalogue.found(query.get("fq", ""))
        start = int(query.get("start", "0"))
        chosen = places[start : start + int(query.get("rows", "10"))]
        rows = (self._listed if "fl" in query else self._whole)(catalogue, chosen)
        return f'{{"help": "", "success": true, "result": {{"count": {len(places)}, "sort": "id asc", "results": [{",".join(rows)}]}}}}'

    def _listed(self, catalogue: Catalogue, places: list[int]) -> Iterator[str]:
        for place in places:
            name = catalogue.name(place)
            modified = catalogue.moment if catalogue.is_changed(place) else UNCHANGED
            yield json.dumps({"id": f"{name}{IDENTIFIER}{0:012x}", "name": f"bench-{name}", "metadata_modified": f"{modified[:-3]}Z",
                              "dataset_type": "dataset"})

    def _whole(self, catalogue: Catalogue, places: list[int]) -> Iterator[str]:
        for place in places:
            text = catalogue.fill(self.ckan[place % len(self.ckan)], place)
            if catalogue.fails(place):
                text = json.dumps({**json.loads(text), "name": "", "title": "", "title_translated": {}, "tags": [{"name": "$"}]})
            yield text

    def page(self, catalogue: Catalogue, number: int, address: str) -> str:
        """A page of Turtle, with the next one's address in Hydra's terms."""
        places = catalogue.datasets()[(number - 1) * PAGE : number * PAGE]
        more = number * PAGE < len(catalogue.datasets())
        following = f"    hydra:next <{address}?page={number + 1}> ;\n" if more else ""
        here = f"<{address}?page={number}> a hydra:PagedCollection ;\n{following}    hydra:totalItems {len(catalogue.datasets())} .\n"
        return "\n".join([self.head, "@prefix hydra: <http://www.w3.org/ns/hydra/core#> .", here,
                          *(catalogue.fill(self.dcat[place % len(self.dcat)], place) for place in places)])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    portals: Portals

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        base = f"http://{self.headers.get('Host', '')}"
        answer = self.portals.answer(address.path, dict(parse_qsl(address.query)), base)
        kind, text = answer or ("text/plain", "Not found.")
        body, tag = text.encode(), None
        number = address.path.strip("/").split("/")[1]
        if answer and not address.path.startswith("/switch") and self.portals.catalogues[int(number)].tags:
            tag = f'"{hash(body):x}"'
        if tag and self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            body = b""
        else:
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        if tag:
            self.send_header("ETag", tag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        """Nothing: a run asks thousands of times."""


def serve(port: int) -> None:
    """Serve until the process is ended."""
    _Handler.portals = Portals()
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    server.daemon_threads = True
    server.serve_forever()
