"""The addresses of our own RDF terms: a page for people, Turtle, JSON-LD or RDF/XML for programmes that ask for it."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, make_response, request

from ckanext.participation.threads import vocabulary

__all__ = ["blueprints"]

terms = Blueprint("participation_terms", __name__, url_prefix="/participation/terms")

# The first is what who accepts anything gets.
FORMATS = {"text/html": "", "text/turtle": "turtle", "application/ld+json": "json-ld", "application/rdf+xml": "xml"}


def every() -> Response:
    """Show all terms."""
    return _answer(list(vocabulary.TERMS.values()))


def turtle() -> Response:
    """Give all terms as a file."""
    return _as(vocabulary.graph(list(vocabulary.TERMS.values())), "text/turtle")


def one(path: str) -> Response:
    """Show one term; with the list of states come the states."""
    found = [term for term in vocabulary.TERMS.values() if term.path == path or term.path.startswith(f"{path}/")]
    if not found:
        tk.abort(404, tk._("This catalogue has no term of this name."))
    return _answer(found)


def _answer(found: list[vocabulary.Term]) -> Response:
    wanted = request.accept_mimetypes.best_match(FORMATS, default="text/html")
    response = (_as(vocabulary.graph(found), wanted) if wanted != "text/html" else make_response(
        tk.render("participation/threads/terms.html", {"terms": found, "all": len(found) == len(vocabulary.TERMS)})))
    response.vary.add("Accept")
    return response


def _as(graph: vocabulary.Graph, media_type: str) -> Response:
    return Response(graph.serialize(format=FORMATS[media_type]), content_type=f"{media_type}; charset=utf-8")


terms.add_url_rule("/", "every", every)
terms.add_url_rule("/terms.ttl", "turtle", turtle)
terms.add_url_rule("/<path:path>", "one", one)

blueprints = [terms]
