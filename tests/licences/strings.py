"""Print every distinct licence statement of the recordings, as CSV: the strings that `labels.csv` labels by hand.

    python tests/licences/strings.py ../shared/data > strings.csv

It reads the folders A (portals), B (DCAT, data.json, RDF) and C (licence registers) of the recordings, which are not
part of the project: only somebody who has them can run this, and its result is what is committed.

One row is one combination of values as a catalogue gives them, at one level and in one format:

level       dataset, distribution, catalogue (a whole portal, a service) or register (an entry of a licence list)
format      ckan, data.json, rdf, ods, jkan, csv, xml, datapackage; for registers json, csv, rdf
id, title, url   an identifier, a name, an address; where a format has one field for all, an address goes to `url`
            and anything else to `title`
node        the RDF node or nodes, separated by " | "; a blank node is left out and its labels are kept as title
text        free text (rights, constraints, attribution sentence); at most 500 characters, `text_length` has the rest
language    of the title or text, where the source says so
fields      the names of the fields in the source
datasets    how many datasets (distributions, portals, entries) say this; the same one in a later snapshot counts once
recordings  in which recordings, with the number for each

Datasets without any statement make one row for each format, all fields empty. A statement on access alone
(`accessRights`, `accessLevel`) is not read. E-mail addresses and the authors of a citation are replaced, the
signature of a signed address is dropped.
"""

from __future__ import annotations

import ast
import csv
import gzip
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rdflib import RDF, Graph, Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, RDFS, SKOS
from rdflib.plugins.parsers.notation3 import BadSyntax

KEYS = ("level", "format", "id", "title", "url", "node", "text", "text_length", "language")
VALUES = ("id", "title", "url", "node", "text")
TEXT_LIMIT = 500
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
SIGNATURE = re.compile(r"\?X-Amz-\S*")
AUTHOR = r"[A-Z][a-z’'-]+,? (?:[A-Z]\.?){1,3}(?![a-z])"
AUTHORS = re.compile(rf"{AUTHOR}(?:,? (?:and |& )?(?:{AUTHOR}|(?:[A-Z]\.){{1,3}} [A-Z][a-z]+))+")
LEVELS = ("dataset", "distribution", "catalogue", "register")
LANGUAGES = (None, "en", "fr", "de", "it", "es", "nl", "no", "nb")
CKAN_TEXTS = ("license_other", "licence_url_title", "licence_url", "licence", "license", "access_constraints")
DC = "http://purl.org/dc/elements/1.1/"
CC = "http://creativecommons.org/ns#"
STATED = tuple(map(URIRef, (
    DCTERMS.license, DC + "license", DCTERMS.rights, DC + "rights",
    "http://www.w3.org/ns/odrl/2/hasPolicy",
)))  # fmt: skip
NAMED = (
    SKOS.prefLabel, SKOS.altLabel, RDFS.label, DCTERMS.title, URIRef(DC + "title"), URIRef("http://xmlns.com/foaf/0.1/name")
)  # fmt: skip
LICENCE_CLASSES = tuple(map(URIRef, (
    CC + "License", DCTERMS.LicenseDocument, SKOS.Concept, "http://www.w3.org/ns/odrl/2/Policy",
    "http://www.w3.org/ns/odrl/2/Set", "http://www.w3.org/ns/odrl/2/Offer",
)))  # fmt: skip


class Statements:
    """The distinct statements, and who makes each of them."""

    def __init__(self) -> None:
        self.said_by: dict[tuple[str, ...], set[tuple[str, str]]] = defaultdict(set)
        self.fields: dict[tuple[str, ...], set[str]] = defaultdict(set)

    def add(self, recording: str, who: object, level: str, form: str, **given: object) -> None:
        row = {"level": level, "format": form}
        for key in (*VALUES, "language"):
            value = " ".join(str(given.get(key) or "").split())
            value = SIGNATURE.sub("", EMAIL.sub("[e-mail]", value))
            row[key] = AUTHORS.sub("[authors]", value)
        length = len(row["text"])
        row["text"] = row["text"][:TEXT_LIMIT]
        row["text_length"] = str(length) if length > TEXT_LIMIT else ""
        statement = tuple(row[key] for key in KEYS)
        self.said_by[statement].add((recording, str(who)))
        if any(row[key] for key in VALUES):
            self.fields[statement].update(str(given.get("fields") or "").split())

    def rows(self) -> Iterator[dict[str, object]]:
        ordered = sorted(self.said_by, key=lambda key: (LEVELS.index(key[0]), key[1:]))
        for number, key in enumerate(ordered, 1):
            counts: dict[str, int] = defaultdict(int)
            for recording, _ in self.said_by[key]:
                counts[recording] += 1
            said_in = "; ".join(f"{name} {count}" for name, count in sorted(counts.items()))
            distinct = len({who for _, who in self.said_by[key]})
            fields = " ".join(sorted(self.fields[key]))
            yield {
                "row": number, **dict(zip(KEYS, key, strict=True)),
                "fields": fields, "datasets": distinct, "recordings": said_in,
            }  # fmt: skip


def content(path: Path) -> str:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def documents(path: Path) -> list[Any]:
    text = content(path)
    if ".jsonl" in path.name and ".jsonld" not in path.name:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return [json.loads(text)]


def table(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(content(path).splitlines(keepends=True), delimiter=delimiter))


def one_field(value: object) -> dict[str, object]:
    """Where a format has one field for a name or an address."""
    return {"url" if str(value or "").startswith(("http:", "https:")) else "title": value}


def texts_of(extras: object) -> dict[str, str]:
    """The licence fields among CKAN's extras, given as a list of pairs or as an object."""
    if isinstance(extras, list):
        extras = {str(extra.get("key")): extra.get("value") for extra in extras if isinstance(extra, dict)}
    if not isinstance(extras, dict):
        return {}
    return {key: str(extras[key]) for key in (*CKAN_TEXTS, "license_url") if extras.get(key) not in (None, "", "[]")}


def ckan_datasets(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, str) and value[:1] == "{" and "license_id" in value:
        value = json.loads(value)
    if isinstance(value, list):
        for item in value:
            yield from ckan_datasets(item)
    elif isinstance(value, dict):
        if "license_id" in value or "license_other" in value or {"resources", "private"} <= value.keys():
            yield value
            return
        for item in value.values():
            yield from ckan_datasets(item)


def read_ckan(found: Statements, recording: str, path: Path) -> None:
    for document in documents(path):
        for dataset in ckan_datasets(document):
            extras = texts_of(dataset.get("extras"))
            texts = {"license_other": dataset.get("license_other"), **extras}
            texts = {f"extras.{key}" if key in extras else key: text for key, text in texts.items() if text}
            fields = [key for key in ("license_id", "license_title", "license_url") if dataset.get(key)]
            found.add(
                recording, dataset.get("id") or dataset.get("name"), "dataset", "ckan",
                id=dataset.get("license_id"), title=dataset.get("license_title"), url=dataset.get("license_url"),
                text=" | ".join(map(str, texts.values())), fields=" ".join([*fields, *texts]),
            )  # fmt: skip


def read_data_json(found: Statements, recording: str, path: Path) -> None:
    for catalogue in documents(path):
        for dataset in catalogue.get("dataset") or catalogue.get("dcat:dataset") or []:
            name = "license" if "license" in dataset else "licence"
            texts = {key: str(dataset[key]) for key in ("rights", "dct:rights") if dataset.get(key)}
            who = dataset.get("identifier") or dataset.get("dct:identifier") or dataset.get("@id") or dataset.get("title")
            stated = dataset.get(name)
            fields = " ".join([*([name] if stated else []), *texts])
            found.add(recording, who, "dataset", "data.json", text=" | ".join(texts.values()), fields=fields, **one_field(stated))
            for number, distribution in enumerate(dataset.get("distribution") or []):
                if isinstance(distribution, dict) and distribution.get("license"):
                    stated = distribution["license"]
                    where = (recording, f"{who}#{number}", "distribution", "data.json")
                    found.add(*where, fields="license", **one_field(stated))


def graph_of(path: Path) -> Graph | None:
    form = {".ttl": "turtle", ".nt": "nt", ".rdf": "xml", ".jsonld": "json-ld"}[path.suffix]
    try:
        return Graph().parse(data=content(path), format=form)
    except BadSyntax as problem:  # two recordings are broken on purpose
        print(f"{path}: {type(problem).__name__}", file=sys.stderr)
        return None


def named(graph: Graph, node: object) -> list[tuple[str, str]]:
    found = []
    for name in NAMED:
        for title in graph.objects(node, name):  # type: ignore[arg-type]
            language = title.language if isinstance(title, Literal) else None
            if language in LANGUAGES:
                found.append((str(title), language or ""))
    return sorted(set(found))


def read_rdf(found: Statements, recording: str, path: Path) -> None:
    graph = graph_of(path)
    if graph is None:
        return
    subjects = {s for p in STATED for s in graph.subjects(p)} | set(graph.subjects(RDF.type, DCAT.Dataset))
    for subject in subjects:
        kinds = set(graph.objects(subject, RDF.type))
        level = "dataset" if DCAT.Dataset in kinds else "distribution" if DCAT.Distribution in kinds else "catalogue"
        nodes, titles, texts, fields = [], [], [], []
        for predicate in STATED:
            for value in sorted(graph.objects(subject, predicate), key=str):
                fields.append(graph.namespace_manager.normalizeUri(predicate))
                names = [title for title, _ in named(graph, value)]
                if isinstance(value, Literal):
                    texts.append(str(value))
                elif isinstance(value, URIRef):
                    nodes.append(str(value))
                titles.extend(names)
        if level == "dataset" or nodes or titles or texts:
            found.add(
                recording, subject if isinstance(subject, URIRef) else f"{path.name}#{subject}", level, "rdf",
                title=" | ".join(dict.fromkeys(titles)), node=" | ".join(nodes), text=" | ".join(texts),
                fields=" ".join(dict.fromkeys(fields)),
            )  # fmt: skip


def read_rdf_register(found: Statements, recording: str, path: Path) -> None:
    graph = graph_of(path)
    if graph is None:
        return
    entries = {s for kind in LICENCE_CLASSES for s in graph.subjects(RDF.type, kind)}
    entries |= set(graph.subjects(SKOS.prefLabel))
    legal = [URIRef(CC + "legalcode"), DCTERMS.source, RDFS.seeAlso]
    for entry in entries:
        if not isinstance(entry, URIRef):
            continue
        url = next((str(o) for p in legal for o in sorted(graph.objects(entry, p), key=str) if str(o).startswith("http")), "")
        for title, language in named(graph, entry):
            address = {"url": title} if title.startswith("http") else {"title": title, "url": url}
            found.add(recording, entry, "register", "rdf", node=entry, language=language, **address)


def read_simple_portals(found: Statements, root: Path) -> None:
    """The recordings whose format has one licence field, or a table of its own."""
    for row in documents(root / "A/opendataphilly/datasets.jsonl"):
        found.add("opendataphilly", row["title"], "dataset", "jkan", fields="license", **one_field(row.get("license")))
    for row in documents(root / "A/toronto/datasets.jsonl"):
        found.add("toronto", row["title"], "dataset", "ckan", title=row.get("license"), fields="license")
    for row in table(root / "A/scotland-ckan/Public_Health_Scotland.csv"):
        found.add("scotland-ckan", row["PageURL"], "dataset", "csv", title=row["License"], fields="License")
    for row in table(root / "A/culture-datagouv/catalogue_culture_global.csv", ";"):
        found.add("culture-datagouv", row["id"], "dataset", "csv", title=row["license"], fields="license")
    for row in table(root / "A/datagovuk-nii-health/health.csv"):
        found.add("datagovuk-nii-health", row["name"], "dataset", "csv", title=row["Licence"], fields="Licence")
    for row in table(root / "B/opendatasoft-public/catalog.csv"):
        found.add("opendatasoft-public", row["datasetid"], "dataset", "ods", fields="license", **one_field(row["license"]))
    inventory = ElementTree.parse(root / "A/datagovuk-fixtures/inventory/inventory.xml")
    space = "{http://schemas.esd.org.uk/inventory}"
    for dataset in inventory.iter(space + "Dataset"):
        rights = dataset.findtext(space + "Rights")
        who = dataset.findtext(space + "Identifier")
        found.add("datagovuk-fixtures", who, "dataset", "xml", fields="Rights", **one_field(rights))
    package = json.loads(content(root / "A/theodi-data-kitten/datapackage.json"))
    for given in package["licenses"]:
        where = ("theodi-data-kitten", "datapackage", "dataset", "datapackage")
        found.add(*where, id=given["id"], url=given["url"], fields="licenses.id licenses.url")
    rights = json.loads(content(root / "A/theodi-data-kitten/odrs-datapackage.json"))["rights"]
    found.add(
        "theodi-data-kitten", "odrs", "dataset", "datapackage", url=rights["dataLicense"],
        text=f"{rights['copyrightNotice']} | {rights['attributionText']}",
        fields="rights.dataLicense rights.copyrightNotice rights.attributionText",
    )  # fmt: skip
    for folder in ("A/portal-lists", "C/canada-portal-licences"):
        recording = folder.split("/")[1]
        for row in table(root / folder / "catalogs.csv"):
            who, given = f"catalogs {row['Catalog URL']}", row["License URL"]
            found.add(recording, who, "catalogue", "csv", fields="License URL", **one_field(given))
        for row in table(root / folder / "MasterList_OpenDataPortals.csv"):
            fields = " ".join(key for key in ("License", "Attribution") if row[key])
            given = {**one_field(row["License"]), "text": row["Attribution"], "fields": fields}
            found.add(recording, f"master {row['Organization']} {row['URL']}", "catalogue", "csv", **given)


def read_registers(found: Statements, root: Path) -> None:
    """Licence lists: one row for each entry, name and language."""

    def add(recording: str, form: str, **given: object) -> None:
        found.add(recording, given.get("id") or given.get("node") or given.get("title"), "register", form, **given)

    for entry in json.loads(content(root / "C/canada/licenses.json")):
        for suffix, language in (("", "en"), ("_fra", "fr")):
            title, url = entry.get("title" + suffix), entry.get("url" + suffix)
            add("canada", "json", id=entry["id"], title=title, url=url, language=language)
    for entry in table(root / "C/italy/licences.csv"):
        add("italy", "csv", id=entry["code_level_3"], title=entry["label_level_3"], language="it")
    for name, entry in json.loads(content(root / "C/spdx/spdx.json")).items():
        add("spdx", "json", id=name, title=entry["name"], url=entry.get("url"))
    for entry in json.loads(content(root / "C/odrl-rdflicense/index.json")):
        add("odrl-rdflicense", "json", id=entry.get("licenseid"), title=entry.get("title"), url=entry.get("source"))
    for entry in open_definition(root / "C/opendefinition"):
        old = entry.get("legacy_ids") or []
        for name in [entry["id"], *(ast.literal_eval(old) if isinstance(old, str) else old)]:
            add("opendefinition", "json", id=name, title=entry["title"], url=entry["url"])
    for values, code in govdata(root / "C/govdata-de"):
        add("govdata-de", "json", id=code, **values)
    for folder in ("belgium", "switzerland", "italy", "govdata-de", "cc-licenserdf", "dalicc", "odrl-rdflicense"):
        for path in sorted((root / "C" / folder).rglob("*")):
            if path.suffix in (".ttl", ".nt", ".rdf") and path.name != "vocab.ttl":
                read_rdf_register(found, folder, path)


def open_definition(folder: Path) -> Iterator[dict[str, Any]]:
    yield from table(folder / "licenses.csv")
    for path in sorted((folder / "groups").glob("*.json")):
        group = json.loads(content(path))
        yield from group.values() if isinstance(group, dict) else group


def govdata(folder: Path) -> Iterator[tuple[dict[str, object], str | None]]:
    """The German lists: the values of an entry, and a code where the list has one."""
    for entry in json.loads(content(folder / "dcat_licenses.json")):
        yield {"node": entry["id"], "title": entry["title"], "url": entry["url"], "language": "de"}, None
    for entry in json.loads(content(folder / "dcat_license_mapping.json"))["list"]:
        values = {"node": entry["URI"], "title": entry["Name"], "url": entry.get("Lizenztext"), "language": "de"}
        for code in dict.fromkeys((entry.get("Lizenzcode"), entry.get("OGDLizenzcode"))):
            yield values, code
    for old in json.loads(content(folder / "dcat_licenses_upgrade.json")):
        yield {"node": old}, None


def collect(root: Path) -> Statements:
    found = Statements()
    ckan = (
        "birmingham", "canada-2013-legacy", "catalog-data-gov", "csa-open-canada", "datagovuk-fixtures",
        "datagovuk-nii-health", "hdx", "theodi-data-kitten",
    )  # fmt: skip
    for folder in ckan:
        for path in sorted((root / "A" / folder).rglob("*.json*")):
            if path.name != "organisations.json" and "datapackage" not in path.name:
                read_ckan(found, folder, path)
    read_simple_portals(found, root)
    for folder in ("us-agencies", "us-agencies-history", "scotland-dcatus-arcgis"):
        for path in sorted((root / "B" / folder).rglob("*.json*")):
            read_data_json(found, folder, path)
    for folder in ("psdi", "govdata-de", "norway-fdk-fixtures", "opendatasoft-public"):
        for path in sorted((root / "B" / folder).rglob("*")):
            if path.suffix in (".ttl", ".rdf", ".jsonld"):
                read_rdf(found, folder, path)
    read_registers(found, root)
    return found


if __name__ == "__main__":
    csv.field_size_limit(10**9)
    writer = csv.DictWriter(sys.stdout, ["row", *KEYS, "fields", "datasets", "recordings"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(collect(Path(sys.argv[1])).rows())
