"""A dataset of our schema in DCAT-AP 3: what `euro_dcat_ap_3`, `euro_dcat_ap_scheming` and `participation_licences` say of it.

Those take more than ten times as long. Field by field it does what they do; a dataset with anything else that they would read (`Unusual`)
is left to them. `tests/harvesting/test_offering_same.py` holds both to the same statements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation.harvesting.offering import parts, triples, values
from ckanext.participation.harvesting.offering.licensing import TYPE, UNKNOWN, Licences
from ckanext.participation.harvesting.offering.statements import RDF_TYPE, Blank, Literal, Statements, Term, say
from ckanext.participation.harvesting.offering.terms import FILE_LISTS, FILE_TEXTS, LISTS, TEXTS, T
from ckanext.participation.harvesting.offering.values import Unusual, address, address_or_text, date, text_of
from ckanext.participation.licences import box
from ckanext.participation.licences.register.licence import Licence

_SHORT_NAME = re.compile(r"[a-z0-9_-]+")


@dataclass(frozen=True)
class Describer:
    """What a site's datasets have in common: its address in RDF, its organisations, its licences, the address of datasets' pages."""

    catalogue: str
    organisations: Mapping[str, Mapping[str, Any]]
    licences: Licences
    page: str

    def piece(self, dataset: dict[str, Any], uri: str) -> triples.Piece:
        """Return a dataset's piece of the Turtle and JSON-LD files; raises Unusual."""
        said = Statements()
        self._dataset(said, dataset, uri)
        files = [self._file(said, file, uri, dataset["id"]) for file in dataset["resources"]]
        if len({uri, *files}) <= len(files):
            raise Unusual
        self._licences(said, dataset, uri, files)
        return triples.piece(said, uri, self.catalogue, self.licences.ready, self.licences.trees)

    def _dataset(self, said: Statements, dataset: dict[str, Any], uri: str) -> None:
        add = said.add
        add(uri, RDF_TYPE, T["dataset"])
        for name, predicate in (("title", T["title"]), ("notes", T["description"])):
            parts.translated(said, uri, predicate, dataset, name)
        parts.fields(said, uri, dataset, TEXTS, LISTS)
        guid = next((row["value"] for row in dataset["extras"] if row["key"] == "guid"), None)
        add(uri, T["identifier"], address_or_text(dataset.get("identifier") or guid or dataset["id"]))
        if "tags_translated" in dataset:
            for language, words in dataset["tags_translated"].items():
                for word in parts.listed(words):
                    add(uri, T["keyword"], parts.in_language(word, language))
        else:
            for tag in dataset.get("tags", ()):
                add(uri, T["keyword"], Literal(tag["name"]))
        add(uri, T["issued"], date(dataset.get("issued") or dataset["metadata_created"]))
        add(uri, T["modified"], date(dataset.get("modified") or dataset["metadata_modified"]))
        parts.statement(said, uri, T["access"], dataset.get("access_rights"), T["statement"])
        parts.statement(said, uri, T["provenance"], dataset.get("provenance"), T["provenance_kind"])
        if dataset.get("spatial_resolution_in_meters"):
            for distance in values.resolutions(dataset["spatial_resolution_in_meters"]):
                add(uri, T["metres"], distance)
        for other in parts.listed(dataset.get("alternate_identifier")):
            node = Blank.new()
            add(uri, T["adms"], node)
            add(node, RDF_TYPE, T["adms_kind"])
            add(node, T["notation"], Literal(text_of(other)))
        self._people(said, dataset, uri)
        parts.places_and_times(said, dataset, uri)

    def _people(self, said: Statements, dataset: dict[str, Any], uri: str) -> None:
        names = [dataset[key] for key in ("maintainer", "author") if dataset.get(key)]
        mails = [dataset[key] for key in ("maintainer_email", "author_email") if dataset.get(key)]
        if names or mails:
            parts.contact(said, uri, T["vorg"], {"name": names[0] if names else None, "email": mails[0] if mails else None})
        for row in dataset.get("contact") or ():
            parts.contact(said, uri, T["kind"], row)
        for key in ("publisher", "creator"):
            for row in parts.filled(dataset.get(key)):
                node: Term = address(row["uri"]) if row.get("uri") else Blank.new()
                said.add(uri, T[key], node)
                parts.agent(said, node, row)
        organisation = dataset["organization"]
        if not dataset.get("publisher") and organisation:
            node = f"{self.catalogue.rstrip('/')}/organization/{organisation['id']}"
            said.add(uri, T["publisher"], node)
            parts.organisation(said, node, organisation)

    def _file(self, said: Statements, file: dict[str, Any], dataset_uri: str, dataset: str) -> str:
        given = file.get("uri")
        uri = given if given and given != "None" else f"{self.catalogue.rstrip('/')}/dataset/{dataset}/resource/{file['id']}"
        if address(uri) != uri:
            raise Unusual
        said.add(dataset_uri, T["distribution"], uri)
        rows = said.about(uri)
        say(rows, RDF_TYPE, T["file"])
        for name, predicate in (("name", T["title"]), ("description", T["description"])):
            parts.translated(said, uri, predicate, file, name)
        parts.fields(said, uri, file, FILE_TEXTS, FILE_LISTS)
        parts.statement(said, uri, T["rights"], file.get("rights"), T["statement"])
        parts.file_format(said, uri, file)
        if file["url"] and not file.get("access_url") and file["url"] != file.get("download_url"):
            say(rows, T["access_url"], address(file["url"]))
        for name, other in (("issued", "created"), ("modified", "metadata_modified")):
            moment = file.get(name) or file.get(other)
            if moment:
                say(rows, T[name], date(moment))
        if file.get("spatial_resolution_in_meters"):
            for distance in values.resolutions(file["spatial_resolution_in_meters"]):
                say(rows, T["metres"], distance)
        if file.get("size"):
            if type(file["size"]) is not int or file["size"] < 0:
                raise Unusual
            say(rows, T["size"], Literal(str(file["size"]), "", T["whole"]))
        if file.get("hash"):
            parts.checksum(said, uri, file)
        return uri

    def _licences(self, said: Statements, dataset: dict[str, Any], uri: str, files: list[str]) -> None:
        """Do what the licences' profile does after the others, which copied the files' fields."""
        found, words = self.licences.of_dataset(dataset)
        rows: list[tuple[str, Term | None, Licence | None, str]] = [(uri, None, found.licence, words)]
        for about, file in zip(files, dataset["resources"], strict=True):
            licence, own = self.licences.stated(file)
            copied = address_or_text(file["license"]) if file.get("license") else None
            stated = licence is not None or bool(own)
            rows.append((about, copied, licence if stated else found.licence, own if stated else words))
        left = [copied for _, copied, _, _ in rows if isinstance(copied, str)]
        linked: set[Term] = set()
        forgotten: set[Term] = set()
        for about, copied, licence, said_of_it in rows:
            if isinstance(copied, str):
                left.remove(copied)
                if copied not in left and copied not in linked:
                    forgotten.add(copied)
            if licence is not None and licence.id != box.NOT_SPECIFIED:
                linked.add(self.licences.link(said, about, licence))
            elif said_of_it:
                parts.statement_of(said, about, T["rights"], Literal(said_of_it), T["statement"])
        copies = {copied for _, copied, _, _ in rows if isinstance(copied, str)}
        if any(copy in said.rows and copy not in linked for copy in copies):
            raise Unusual
        for copy in copies - forgotten:
            # The profiles' guess at a kind of licence, which ours forgets with the last file that names it so.
            said.rows[copy] = {**said.rows[copy], TYPE: {**said.rows[copy].get(TYPE, {}), UNKNOWN: None}}
        if found.licence is not None and "attribution" in found.licence.duties:
            for agent in said.of(uri, T["publisher"]):
                for name in said.of(agent, T["name"]):
                    said.add(uri, T["credit"], name)
            if not _SHORT_NAME.fullmatch(dataset["name"] or ""):
                raise Unusual
            said.add(uri, T["credit_page"], f"{self.page}{dataset['name']}")


def describer(catalogue: str, organisations: Mapping[str, Mapping[str, Any]], licences: Licences) -> Describer:
    """Return what describes this site's datasets."""
    page = tk.url_for("dataset.read", id="DATASET", qualified=True, locale="default").removesuffix("DATASET")
    return Describer(catalogue, organisations, licences, page)
