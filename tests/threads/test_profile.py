"""What people say of a dataset, in its RDF and in what search engines read: terms, privacy, and a harmless way back."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from typing import Any
from xml.dom import minidom

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.dcat.processors import RDFParser, RDFSerializer
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DC, DCTERMS, RDF, SKOS, XSD
from statements import statements

from ckanext.participation.common.model import Subject, now
from ckanext.participation.threads import feedback
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import SubjectCount

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context"),
              pytest.mark.ckan_config("participation.limits.posts_per_minute", 1000)]

Make = Callable[..., Any]
DQV, DUV, OA = Namespace("http://www.w3.org/ns/dqv#"), Namespace("http://www.w3.org/ns/duv#"), Namespace("http://www.w3.org/ns/oa#")
ADMS, DCAT, SCHEMA = Namespace("http://www.w3.org/ns/adms#"), Namespace("http://www.w3.org/ns/dcat#"), Namespace("http://schema.org/")
PROFILES = ["euro_dcat_ap_3", "euro_dcat_ap_scheming"]


@pytest.fixture
def ask(as_user: Make) -> Make:
    """Start a thread: `ask(person, dataset)`; further fields as the action takes them."""

    def make(user: dict[str, Any], about: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return as_user(user, "participation_thread_create",
                       **{"subject_id": about["id"], "title": "Why?", "body": "Some *words*.", "kind": "problem", "lang": "en", **fields})

    return make


@pytest.fixture
def talked_about(person: Make, dataset: Make, ask: Make) -> dict[str, Any]:
    """Give a dataset with a confirmed problem in its file, a question and four ratings."""
    about = dataset(resources=[{"url": "https://a.example/f.csv", "name_translated": {"en": "F", "fr": "F"}}])
    thread = ask(person(fullname="Zoé Roy"), about, title="Minus three", body="Row 12 says -3.")
    ask(person(), about, kind="question", title="Pourquoi ?", lang="fr")
    model.Session.execute(sa.update(Thread).where(Thread.id == thread["id"]).values(
        problem={"resource_id": about["resources"][0]["id"], "wrong": "-3"}, problem_state="confirmed"))
    rate(about, 1, 0, 0, 1, 2)
    return about


def rate(about: dict[str, Any], *stars: int) -> None:
    subject = model.Session.scalars(sa.select(Subject).where(Subject.ref == about["id"])).one()
    model.Session.merge(SubjectCount(subject_id=subject.id, counted_at=now(), **{f"stars_{number}": count for number, count in enumerate(stars, 1)}))
    model.Session.commit()


def shown(about: dict[str, Any]) -> dict[str, Any]:
    return tk.get_action("package_show")({"ignore_auth": True}, {"id": about["id"]})


def graph_of(about: dict[str, Any], profiles: list[str] | None = None) -> tuple[Graph, URIRef]:
    serializer = RDFSerializer(profiles=profiles)
    ref = serializer.graph_from_dataset(shown(about))
    return serializer.g, URIRef(str(ref))


def test_a_problem_report_is_a_quality_annotation(talked_about: dict[str, Any]) -> None:
    graph, dataset_ref = graph_of(talked_about)
    (annotation,) = graph.objects(dataset_ref, DQV.hasQualityAnnotation)
    (distribution,) = graph.objects(dataset_ref, DCAT.distribution)
    assert set(graph.objects(annotation, RDF.type)) == {DQV.UserQualityFeedback, OA.Annotation}
    assert set(graph.objects(annotation, OA.hasTarget)) == {dataset_ref, distribution}
    assert set(graph.objects(annotation, OA.motivatedBy)) == {DQV.qualityAssessment, OA.editing}
    assert graph.value(annotation, DCTERMS.title) == Literal("Minus three", lang="en")
    assert graph.value(annotation, DCTERMS.created).datatype == XSD.dateTime
    body = graph.value(annotation, OA.hasBody)
    assert graph.value(body, RDF.value) == Literal("Row 12 says -3.", lang="en")
    assert (str(graph.value(body, DC.language)), str(graph.value(body, DC["format"]))) == ("en", "text/markdown")
    state = graph.value(annotation, ADMS.status)
    assert str(graph.value(state, SKOS.notation)) == "confirmed"
    assert {label.language for label in graph.objects(state, SKOS.prefLabel)} == {"en", "fr"}


def test_the_one_statement_joins_what_it_reads(talked_about: dict[str, Any]) -> None:
    model.meta.engine.clear_compiled_cache()
    with warnings.catch_warnings():
        warnings.simplefilter("error", sa.exc.SAWarning)
        assert feedback.of_dataset(talked_about["id"]).threads


def test_other_conversations_are_feedback_without_their_texts(talked_about: dict[str, Any]) -> None:
    graph, dataset_ref = graph_of(talked_about)
    (thread,) = graph.objects(dataset_ref, DUV.hasFeedback)
    assert (thread, RDF.type, DUV.UserFeedback) in graph
    assert graph.value(thread, DCTERMS.title) == Literal("Pourquoi ?", lang="fr")
    assert "Some *words*." not in graph.serialize(format="turtle")


def test_stars_are_two_measurements(talked_about: dict[str, Any]) -> None:
    graph, dataset_ref = graph_of(talked_about)
    values = {}
    for measurement in graph.objects(dataset_ref, DQV.hasQualityMeasurement):
        metric = graph.value(measurement, DQV.isMeasurementOf)
        assert graph.value(measurement, DQV.computedOn) == dataset_ref
        assert {words.language for words in graph.objects(metric, SKOS.definition)} == {"en", "fr"}
        value = graph.value(measurement, DQV.value)
        assert graph.value(metric, DQV.expectedDataType) == value.datatype
        values[str(metric).rsplit("/", 1)[1]] = value
    assert values == {"average-rating": Literal("3.75", datatype=XSD.decimal), "rating-count": Literal("4", datatype=XSD.integer)}


def test_names_of_people_are_not_in_the_rdf(talked_about: dict[str, Any]) -> None:
    assert "Zoé" not in graph_of(talked_about)[0].serialize(format="turtle")


def test_a_dataset_nobody_talked_about_is_as_its_publisher_says(dataset: Make) -> None:
    about = dataset()
    assert len(graph_of(about)[0]) == len(graph_of(about, PROFILES)[0])


@pytest.mark.parametrize("sql", ["UPDATE package SET private = true", "UPDATE package SET state = 'deleted'",
                                 "UPDATE participation_subject SET lost_at = now()"])
def test_what_not_everybody_may_read_is_in_nobodys_rdf(sql: str, talked_about: dict[str, Any]) -> None:
    before = shown(talked_about)
    model.Session.execute(sa.text(sql))
    model.Session.commit()
    # A dictionary from the search index may be older than the row.
    for row in (before, shown(talked_about)):
        serializer = RDFSerializer()
        serializer.graph_from_dataset(row)
        assert "participation" not in serializer.g.serialize(format="turtle")


@pytest.mark.parametrize(("table", "values"), [(Comment, {"state": "hidden"}), (Comment, {"state": "removed"}), (Comment, {"state": "held"}),
                                               (Thread, {"visibility": "hidden"}), (Thread, {"visibility": "held"})])
def test_hidden_and_held_texts_are_not_in_the_rdf(table: Any, values: dict[str, str], talked_about: dict[str, Any]) -> None:
    model.Session.execute(sa.update(table).values(**values))
    model.Session.commit()
    for profiles in (None, ["schemaorg", "participation_feedback"]):
        assert "Row 12" not in graph_of(talked_about, profiles)[0].serialize(format="turtle")


def test_at_most_twenty_reports_the_newest_first(person: Make, dataset: Make, ask: Make) -> None:
    about, asker = dataset(), person()
    thread = ask(asker, about)
    model.Session.execute(sa.text(
        "INSERT INTO participation_thread (subject_id, kind, title, lang, state, visibility, author_id, created, next_seq, n_visible, last_seq, "
        "last_at, version) SELECT subject_id, kind, 'T' || n, lang, state, visibility, author_id, created, 2, 1, 1, last_at, 1 "
        "FROM participation_thread, generate_series(1, 60) n WHERE id = :id"), {"id": thread["id"]})
    model.Session.execute(sa.text(
        "INSERT INTO participation_comment (thread_id, seq, path, depth, author_id, lang, state, created, body, body_html, text_version) "
        "SELECT t.id, 1, path, 0, c.author_id, c.lang, c.state, c.created, body, body_html, 1 "
        "FROM participation_thread t, participation_comment c WHERE t.id <> :id"), {"id": thread["id"]})
    model.Session.commit()
    graph, dataset_ref = graph_of(about)
    titles = {str(graph.value(row, DCTERMS.title)) for row in graph.objects(dataset_ref, DQV.hasQualityAnnotation)}
    assert titles == {f"T{number}" for number in range(41, 61)}


def test_it_costs_one_statement_a_dataset(talked_about: dict[str, Any]) -> None:
    with statements() as counted:
        told = feedback.of_dataset(talked_about["id"])
    assert told.threads == 2
    assert len(counted) == 1


@pytest.mark.parametrize("form", ["turtle", "xml", "json-ld"])
def test_reading_our_own_rdf_back_gives_the_same_dataset(form: str, talked_about: dict[str, Any]) -> None:
    read = []
    for profiles in (PROFILES, None):
        parser = RDFParser()
        text = RDFSerializer(profiles=profiles).serialize_dataset(shown(talked_about), _format={"turtle": "ttl", "json-ld": "jsonld"}.get(form, form))
        parser.parse(text, _format=form)
        read.append(list(parser.datasets()))
    assert len(read[0]) == 1
    assert normal(read[0]) == normal(read[1])
    assert "participation" not in json.dumps(read[1], default=str)


def normal(value: Any) -> Any:
    """Lists of an RDF graph have no order."""
    if isinstance(value, dict):
        return {name: normal(item) for name, item in value.items()}
    if isinstance(value, list):
        return sorted((normal(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True, default=str))
    return value


@pytest.mark.parametrize("text", ["a\x0bb", "\x00".replace("\x00", "\x01"), "a\ufffeb\uffff", "</rdf:RDF>", "]]>", "&bogus;", '"@en . <x> <y> "', "é\n\t"])
def test_rdf_stays_well_formed_whatever_people_write(text: str, talked_about: dict[str, Any]) -> None:
    # Our own cleaning takes most of these away; an import or an older row may hold them.
    model.Session.execute(sa.update(Thread).values(title=f"title {text}"))
    model.Session.execute(sa.update(Comment).values(body=f"body {text}"))
    model.Session.commit()
    serializer = RDFSerializer()
    serializer.graph_from_dataset(shown(talked_about))
    minidom.parseString(serializer.g.serialize(format="xml").encode())
    for form in ("xml", "turtle", "json-ld"):
        again = Graph().parse(data=serializer.g.serialize(format=form), format=form)
        bodies = {str(value) for value in again.objects(None, RDF.value)}
        expected = f"body {re.sub(chr(92) + 'x01|' + chr(92) + 'x0b|[' + chr(0xfffe) + chr(0xffff) + ']', '', text)}"
        assert expected in bodies


def test_search_engines_read_stars_and_conversations(talked_about: dict[str, Any]) -> None:
    graph, dataset_ref = graph_of(talked_about, ["schemaorg", "participation_feedback"])
    rating = graph.value(dataset_ref, SCHEMA.aggregateRating)
    assert {name: graph.value(rating, SCHEMA[name]).toPython() for name in ("ratingValue", "ratingCount", "bestRating", "worstRating")} == {
        "ratingValue": 3.75, "ratingCount": 4, "bestRating": 5, "worstRating": 1}
    assert str(graph.value(dataset_ref, SCHEMA.discussionUrl)).endswith(f"/participation/dataset/{talked_about['name']}/threads")
    assert graph.value(dataset_ref, SCHEMA.commentCount).toPython() == 2
    assert {str(graph.value(row, SCHEMA.name)) for row in graph.objects(dataset_ref, SCHEMA.comment)} == {"Minus three", "Pourquoi ?"}
    assert "Row 12" not in graph.serialize(format="turtle")
    assert (None, DQV.hasQualityAnnotation, None) not in graph


def test_the_datasets_page_and_its_rdf_carry_them(app: Any, talked_about: dict[str, Any]) -> None:
    page = app.get(f"/dataset/{talked_about['name']}").body
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert any("AggregateRating" in block and "discussionUrl" in block for block in blocks)
    assert "UserQualityFeedback" in app.get(f"/dataset/{talked_about['name']}.ttl").body
    minidom.parseString(app.get(f"/dataset/{talked_about['name']}.xml").body.encode())


def test_a_title_ends_no_element_of_the_datasets_page(app: Any, talked_about: dict[str, Any]) -> None:
    model.Session.execute(sa.update(Thread).values(title="</script><script>alert(1)</script>"))
    model.Session.commit()
    assert "<script>alert" not in app.get(f"/dataset/{talked_about['name']}").body
