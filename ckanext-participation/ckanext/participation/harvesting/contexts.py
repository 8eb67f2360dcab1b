"""The JSON-LD contexts that catalogues name by an address, as this site keeps them: addresses are not asked. Pure."""

from __future__ import annotations

import re
from typing import Any

_SCHEMA_ORG = {"@vocab": "http://schema.org/"}
PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "cnt": "http://www.w3.org/2011/content#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "gsp": "http://www.opengis.net/ont/geosparql#",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "locn": "http://www.w3.org/ns/locn#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "pod": "https://project-open-data.cio.gov/v1.1/schema/#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "time": "http://www.w3.org/2006/time#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_TEXTS = {
    "dct": ("title", "description", "identifier", "issued", "modified"),
    "dcat": ("keyword", "byteSize", "version", "startDate", "endDate", "bbox"),
    "vcard": ("fn",),
    "foaf": ("name",),
}
_NAMED = {
    "dct": ("publisher", "creator", "license", "accessRights", "accrualPeriodicity", "conformsTo", "language", "provenance", "isPartOf",
            "hasPart", "isVersionOf", "hasVersion", "relation", "source"),
    "dcat": ("dataset", "distribution", "record", "service", "catalog", "accessURL", "downloadURL", "landingPage", "contactPoint", "theme",
             "themeTaxonomy", "mediaType", "accessService", "inSeries"),
    "vcard": ("hasEmail", "hasURL", "hasTelephone"),
    "foaf": ("homepage", "page", "primaryTopic"),
}
_CLASSES = ("Catalog", "Dataset", "Distribution", "CatalogRecord", "DataService", "DatasetSeries")
# The terms of W3C's, the European and the American contexts, as far as their meaning is the same in all.
_DCAT: dict[str, Any] = {
    **PREFIXES,
    "id": "@id",
    **{term: f"{prefix}:{term}" for prefix, terms in _TEXTS.items() for term in terms},
    **{term: {"@id": f"{prefix}:{term}", "@type": "@id"} for prefix, terms in _NAMED.items() for term in terms},
    **{term: f"dcat:{term}" for term in _CLASSES},
    # Texts in some of them, things in others.
    "format": "dct:format",
    "spatial": "dct:spatial",
    "temporal": "dct:temporal",
    "rights": "dct:rights",
    "theme": "dcat:theme",
    "mediaType": "dcat:mediaType",
    "type": "@type",
}
_KEPT = (
    (re.compile(r"https?://schema\.org(/docs/jsonldcontext\.jsonl?d?)?"), _SCHEMA_ORG),
    (re.compile(r"https?://project-open-data\.(cio\.gov|github\.io)/.*catalog\.(jsonld|json)"), _DCAT),
    (re.compile(r"https?://(www\.)?w3\.org/ns/dcat(3?\.jsonld|#)?"), _DCAT),
    (re.compile(r"https?://semiceu\.github\.io/.*dcat-ap.*\.jsonld"), _DCAT),
    (re.compile(r"https?://(raw\.githubusercontent\.com|resources\.data\.gov|doi-do\.github\.io)/.*dcat-us.*\.jsonld?"), _DCAT),
)


def kept(address: str) -> dict[str, Any] | None:
    """The context that an address would give, or None for one that is not kept here."""
    plain = address.strip().rstrip("/")
    return next((context for pattern, context in _KEPT if pattern.fullmatch(plain)), None)
