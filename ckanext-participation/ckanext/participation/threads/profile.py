"""What people say of a dataset, in its RDF: the profile `participation_feedback` of ckanext-dcat.

It stands last in `ckanext.dcat.rdf.profiles` and `ckanext.dcat.structured_data.profiles` and adds to what the profiles before it
made of the dataset: annotations to a `dcat:Dataset`, comments and stars to a `schema:Dataset`. It reads nothing: parsing our own
RDF back gives the same dataset with and without it. Only what everybody may read is in it, whoever asks. Names of people are not:
a harvested copy could never be made to forget them.

Terms, with the specifications that define them:

- A problem report is a `dqv:UserQualityFeedback` that the dataset (and the file, where one is named) points to with
  `dqv:hasQualityAnnotation`; `oa:motivatedBy` has `dqv:qualityAssessment`, which every quality annotation needs, and one of the Web
  Annotation's own motivations, here `oa:editing`, a request for a change (Data Quality Vocabulary, W3C Note 2016,
  https://www.w3.org/TR/vocab-dqv/, "Express a question about dataset quality"; https://www.w3.org/TR/annotation-vocab/).
  `oa:hasTarget` is what it is about, `oa:hasBody` an `oa:TextualBody` with `rdf:value`, `dc:format` and `dc:language`. Its state is
  `adms:status` (https://www.w3.org/TR/vocab-adms/), a `skos:Concept` with `skos:notation`.
- Stars are two `dqv:QualityMeasurement`s, the average and the number of ratings, with `dqv:computedOn`, `dqv:isMeasurementOf` and
  `dqv:value`. `duv:hasRating` is one person's opinion (Dataset Usage Vocabulary, W3C Note 2016, https://www.w3.org/TR/vocab-duv/),
  and single ratings are nobody else's business.
- Other conversations are `duv:UserFeedback`, which the dataset points to with `duv:hasFeedback` (same Note). Not `foaf:page` or
  `dct:relation`: ckanext-dcat reads these back as the dataset's documentation and related resources.
"""

from __future__ import annotations

import re
from typing import Any

import ckan.plugins.toolkit as tk
from ckanext.dcat.profiles import RDFProfile
from ckanext.dcat.profiles.base import ADMS, DCAT, DCT, SCHEMA
from ckanext.dcat.utils import resource_uri
from rdflib import BNode, Literal, URIRef
from rdflib.namespace import DC, RDF, SKOS, XSD, Namespace
from rdflib.term import Node

from ckanext.participation.threads import feedback, vocabulary

DQV = vocabulary.DQV
DUV = Namespace("http://www.w3.org/ns/duv#")
OA = Namespace("http://www.w3.org/ns/oa#")

ON_PAGE = 5

# What XML 1.0 has no way to write: one such letter would break the whole catalogue's RDF/XML.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FeedbackProfile(RDFProfile):
    """Problem reports, stars and conversations of a dataset."""

    def parse_dataset(self, dataset_dict: dict[str, Any], dataset_ref: Node) -> dict[str, Any]:
        """Read nothing: what people said elsewhere stays there."""
        return dataset_dict

    def graph_from_catalog(self, catalog_dict: dict[str, Any] | None, catalog_ref: Node) -> None:
        """Add nothing to the catalogue itself."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: Node) -> None:
        """Add what everybody may know of the dataset's conversations; one statement."""
        if dataset_dict.get("private") or not dataset_dict.get("id"):
            return
        told = feedback.of_dataset(dataset_dict["id"])
        if not told.threads and not told.ratings:
            return
        if (dataset_ref, RDF.type, SCHEMA.Dataset) in self.g:
            self._for_search_engines(dataset_dict, dataset_ref, told)
        if (dataset_ref, RDF.type, DCAT.Dataset) in self.g:
            self._for_catalogues(dataset_dict, dataset_ref, told)

    def _for_catalogues(self, dataset_dict: dict[str, Any], dataset: Node, told: feedback.Feedback) -> None:
        for prefix, namespace in (("dqv", DQV), ("duv", DUV), ("oa", OA), ("dc", DC)):
            self.g.bind(prefix, namespace)
        files = {row["id"]: URIRef(resource_uri(row)) for row in dataset_dict.get("resources", []) if row.get("id")}
        for row in told.problems:
            self._problem(row, [dataset, *([files[row["resource_id"]]] if row["resource_id"] in files else [])])
        for row in told.others:
            thread = _thread(row)
            self._add(dataset, DUV.hasFeedback, thread)
            self._add(thread, RDF.type, DUV.UserFeedback)
            self._describe(thread, row)
        if told.ratings:
            self._measure(dataset, "average-rating", told.average)
            self._measure(dataset, "rating-count", told.ratings)

    def _problem(self, row: dict[str, Any], targets: list[Node]) -> None:
        annotation, body = _thread(row), BNode()
        for kind in (DQV.UserQualityFeedback, OA.Annotation):
            self._add(annotation, RDF.type, kind)
        for target in targets:
            self._add(target, DQV.hasQualityAnnotation, annotation)
            self._add(annotation, OA.hasTarget, target)
        for motivation in (DQV.qualityAssessment, OA.editing):
            self._add(annotation, OA.motivatedBy, motivation)
        self._describe(annotation, row)
        self._add(annotation, OA.hasBody, body)
        self._add(body, RDF.type, OA.TextualBody)
        self._add(body, RDF.value, _text(row["body"], row["body_lang"]))
        self._add(body, DC.format, Literal("text/markdown"))
        self._add(body, DC.language, Literal(row["body_lang"]))
        known = vocabulary.STATES.get(row["problem_state"])
        if known:
            # One node per state however many datasets the catalogue's page has.
            self._add(annotation, ADMS.status, known.iri)
            self._add(known.iri, RDF.type, SKOS.Concept)
            self._add(known.iri, SKOS.notation, Literal(known.notation))
            for lang, label in known.label.items():
                self._add(known.iri, SKOS.prefLabel, Literal(label, lang=lang))

    def _describe(self, thread: Node, row: dict[str, Any]) -> None:
        self._add(thread, DCT.title, _text(row["title"], row["lang"]))
        self._add(thread, DCT.created, Literal(row["created"], datatype=XSD.dateTime))

    def _measure(self, dataset: Node, name: str, value: float) -> None:
        known, measurement = vocabulary.METRICS[name], BNode()
        self._add(dataset, DQV.hasQualityMeasurement, measurement)
        self._add(measurement, RDF.type, DQV.QualityMeasurement)
        self._add(measurement, DQV.computedOn, dataset)
        self._add(measurement, DQV.isMeasurementOf, known.iri)
        self._add(measurement, DQV.value, Literal(str(value), datatype=known.datatype))
        self._add(known.iri, RDF.type, DQV.Metric)
        if known.datatype:
            self._add(known.iri, DQV.expectedDataType, known.datatype)
        for lang, words in known.definition.items():
            self._add(known.iri, SKOS.definition, Literal(words, lang=lang))

    def _for_search_engines(self, dataset_dict: dict[str, Any], dataset: Node, told: feedback.Feedback) -> None:
        """Add `schema:discussionUrl`, `commentCount`, `comment` (the newest, without their texts) and `aggregateRating`."""
        if told.threads:
            address = tk.url_for("participation_conversations.listing", subject_type="dataset", subject_id=dataset_dict["name"],
                                 locale="default", _external=True)
            self._add(dataset, SCHEMA.discussionUrl, Literal(address))
            self._add(dataset, SCHEMA.commentCount, Literal(told.messages))
        for row in sorted(told.newest, key=lambda row: -row["id"])[:ON_PAGE]:
            comment = _thread(row)
            self._add(dataset, SCHEMA.comment, comment)
            self._add(comment, RDF.type, SCHEMA.Question if row["kind"] == "question" else SCHEMA.Comment)
            self._add(comment, SCHEMA.name, _text(row["title"], None))
            self._add(comment, SCHEMA.url, Literal(str(comment)))
            self._add(comment, SCHEMA.inLanguage, Literal(row["lang"]))
            self._add(comment, SCHEMA.dateCreated, Literal(row["created"]))
        if told.ratings:
            rating = BNode()
            self._add(dataset, SCHEMA.aggregateRating, rating)
            self._add(rating, RDF.type, SCHEMA.AggregateRating)
            for name, value in (("ratingValue", told.average), ("ratingCount", told.ratings), ("bestRating", 5), ("worstRating", 1)):
                self._add(rating, SCHEMA[name], Literal(value))

    def _add(self, subject: Node, predicate: Node, value: Node) -> None:
        self.g.add((subject, predicate, value))


def _thread(row: dict[str, Any]) -> URIRef:
    return URIRef(tk.url_for("participation_threads.show", thread_id=row["id"], locale="default", _external=True))


def _text(words: str, lang: str | None) -> Literal:
    return Literal(_NOT_XML.sub("", words), lang=lang)
