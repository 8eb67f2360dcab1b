"""ckanext-dcat's profiles, asked for one record at a time; a value over which one of them stumbles costs itself, not its record."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar, Final

import ckan.plugins.toolkit as tk
from ckanext.dcat.processors import RDFParser
from rdflib import DCAT, DCTERMS, RDF, BNode, Graph
from rdflib.term import Node

from ckanext.participation.harvesting import feeds, sentences, statements, values
from ckanext.participation.harvesting.record import Unreadable
from ckanext.participation.harvesting.record_store import RecordStore
from ckanext.participation.harvesting.statements import IN_TURTLE, NTRIPLES

log = logging.getLogger(__name__)

PROFILES = ("euro_dcat_ap_3", "euro_dcat_ap_scheming")
# So many properties of one record may have a value that a profile cannot read, and so many such values are told from the property's others.
MOST_PROPERTIES: Final = 8
MOST_VALUES: Final = 3
# Each value is found by reading the record some fifteen times.
MOST_SEARCHED: Final = 5_000
# For each file of a dataset the profiles go through all that they read of its others.
FILES_AT_ONCE: Final = 300

Triple = tuple[Node, Node, Node]


class OneByOneParser(RDFParser):
    """ckanext-dcat's parser, asked for one dataset, so that an odd one costs no other."""

    _loaded: ClassVar[dict[tuple[str, ...], list[Any]]] = {}
    # CKAN's licences by address and title: each profile would read them anew for each record.
    _licences: ClassVar[Any] = None

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        self.g = Graph(store=RecordStore())

    def _load_profiles(self, profile_names: list[str]) -> list[Any]:
        # Finding them reads what every installed package says of itself, which costs more than mapping a dataset.
        names = tuple(profile_names)
        if names not in self._loaded:
            self._loaded[names] = super()._load_profiles(profile_names)
        return self._loaded[names]

    def profiled(self, ref: Node) -> tuple[dict[str, Any], list[str]]:
        """What the profiles read of one dataset, and sentences about values that were left out of `g` because one stumbled over them.

        :raises Unreadable: when one stumbles whatever is left out
        """
        try:
            return self._profiled(self.g, ref), []
        except Exception as error:
            # Profiles raise whatever an odd value makes them raise.
            log.info("a profile could not read %s", ref, exc_info=True)
            said = sentences.RDF_UNREADABLE(error=type(error).__name__)
            kept = self._without_stumbling(ref)
            if kept is None:
                raise Unreadable(said) from error
        left_out = [_left_out(one) for one in _sorted(self.g) if one not in kept]
        self.g = kept
        return self._profiled(kept, ref), list(dict.fromkeys(left_out))

    def _profiled(self, graph: Graph, ref: Node) -> dict[str, Any]:
        files = list(graph.objects(ref, DCAT.distribution))
        if len(files) <= FILES_AT_ONCE:
            return self._of_profiles(graph, ref)
        found: dict[str, Any] = {}
        try:
            for first in range(0, len(files), FILES_AT_ONCE):
                _link(graph, ref, files[first : first + FILES_AT_ONCE])
                part = self._of_profiles(graph, ref)
                found = found or {**part, "resources": []}
                found["resources"] += part.get("resources", [])
        finally:
            _link(graph, ref, files)
        return found

    def _of_profiles(self, graph: Graph, ref: Node) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for profile in self._profiles:
            reading = profile(graph, dataset_type=self.dataset_type, compatibility_mode=False)
            reading._licenceregister_cache = OneByOneParser._licences
            reading.parse_dataset(found, ref)
            OneByOneParser._licences = reading._licenceregister_cache
        labels = {str(node) for subject, _, value in graph for node in (subject, value) if isinstance(node, BNode)}
        return _without(found, labels) if labels else found

    def _stumbles(self, said: Iterable[Triple], ref: Node) -> bool:
        try:
            self._profiled(_graph(said), ref)
        except Exception:  # noqa: BLE001  as above
            return True
        return False

    def _without_stumbling(self, ref: Node) -> Graph | None:
        """The record without the values over which a profile stumbles; None when it stumbles without them too."""
        core = [one for one in self.g if one[0] == ref and one[1] in {RDF.type, DCTERMS.title}]
        rest = [one for one in _sorted(self.g) if one not in core]
        if len(rest) > MOST_SEARCHED or self._stumbles(core, ref):
            return None
        met: Counter[Node] = Counter()
        while self._stumbles(core + rest, ref):
            odd = self._odd(core, rest, ref)
            predicate = odd[1]
            met[predicate] += 1
            if len(met) > MOST_PROPERTIES:
                return None
            # Where one file's size is none, those of a thousand others are none either.
            rest = [one for one in rest if one != odd and (met[predicate] <= MOST_VALUES or one[1] != predicate)]
        return _graph(core + rest)

    def _odd(self, core: list[Triple], rest: list[Triple], ref: Node) -> Triple:
        """The statement with which the profiles begin to stumble."""
        fine, wrong = 0, len(rest)
        while wrong - fine > 1:
            middle = (fine + wrong) // 2
            if self._stumbles(core + rest[:middle], ref):
                wrong = middle
            else:
                fine = middle
        return rest[wrong - 1]


def parser_of(content: Mapping[str, Any]) -> OneByOneParser:
    """ckanext-dcat's parser with the graph of one record."""
    stated = tk.config.get("ckanext.dcat.rdf.profiles")
    parser = OneByOneParser(profiles=tk.aslist(stated) or list(PROFILES))
    if NTRIPLES in content:
        statements.fill(parser.g, str(content[NTRIPLES]))
    else:
        parser.g.parse(data=str(content[IN_TURTLE]), format=feeds.TURTLE)
    return parser


def _link(graph: Graph, ref: Node, files: Iterable[Node]) -> None:
    """Let the dataset have these files, and no others."""
    graph.remove((ref, DCAT.distribution, None))
    for file in files:
        graph.add((ref, DCAT.distribution, file))


def _graph(said: Iterable[Triple]) -> Graph:
    graph = Graph(store=RecordStore())
    for one in said:
        graph.add(one)
    return graph


def _sorted(graph: Iterable[Triple]) -> list[Triple]:
    """Statements in an order that is the same in every run: files first, so that what is said of them is read, then by what is said."""
    return sorted(graph, key=lambda one: (one[1] != DCAT.distribution, one[1], _word(one[2]), _word(one[0])))


def _word(node: Node) -> str:
    # A blank node's label is new in every run.
    return "" if isinstance(node, BNode) else str(node)


def _without(said: Any, labels: Collection[str]) -> Any:
    """What a profile read without blank nodes' labels, which it takes for values: they say nothing, and are others in every run."""
    if isinstance(said, dict):
        return {key: one if key == "distribution_ref" else _without(one, labels) for key, one in said.items()}
    if isinstance(said, list):
        return [_without(one, labels) for one in said if not (isinstance(one, str) and one in labels)]
    if not isinstance(said, str):
        return said
    if said.startswith("[") and any(label in said for label in labels):
        return _without_in_json(said, labels)
    return "" if said in labels else said


def _without_in_json(said: str, labels: Collection[str]) -> str:
    try:
        listed = json.loads(said)
    except ValueError:
        return said
    kept = [one for one in listed if one not in labels]
    return said if len(kept) == len(listed) else json.dumps(kept) if kept else ""


def _left_out(said: Triple) -> str:
    name = "".join(sign for sign in str(said[1]).replace("#", "/").rpartition("/")[2] if sign.isalnum() or sign in "_.-")
    shown = "" if isinstance(said[2], BNode) else values.storable(str(said[2]))[:100]
    return sentences.VALUE_LEFT_OUT(field=name or "RDF", value=shown)
