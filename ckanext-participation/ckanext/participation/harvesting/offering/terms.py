"""Which fields of our schema become which terms of DCAT-AP 3, as ckanext-dcat's profiles have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from ckanext.dcat.profiles.base import ADMS, DCAT, DCATAP, DCT, FOAF, LOCN, RDFS, SKOS, SPDX, VCARD, XSD

from ckanext.participation.harvesting.offering import values
from ckanext.participation.harvesting.offering.statements import Term
from ckanext.participation.harvesting.offering.values import address, address_or_text
from ckanext.participation.licences.profile import CC

Kind = Callable[[Any], Term]
# (field, predicate, how its value is written, class of an address)
_TEXTS: Final = (
    ("version", DCAT.version, None, None), ("version_notes", ADMS.versionNotes, None, None),
    ("url", DCAT.landingPage, address, FOAF.Document), ("frequency", DCT.accrualPeriodicity, address_or_text, DCT.Frequency),
    ("dcat_type", DCT.type, address_or_text, None), ("temporal_resolution", DCAT.temporalResolution, values.duration, None),
)
_LISTS: Final = (
    ("language", DCT.language, address_or_text, DCT.LinguisticSystem), ("theme", DCAT.theme, address, None),
    ("conforms_to", DCT.conformsTo, address_or_text, DCT.Standard), ("documentation", FOAF.page, address_or_text, FOAF.Document),
    ("is_referenced_by", DCT.isReferencedBy, address_or_text, RDFS.Resource),
)
_FILE_TEXTS: Final = (
    ("status", ADMS.status, address_or_text, None), ("access_url", DCAT.accessURL, address, RDFS.Resource),
    ("download_url", DCAT.downloadURL, address, RDFS.Resource), ("availability", DCATAP.availability, address_or_text, None),
    ("compress_format", DCAT.compressFormat, address_or_text, DCT.MediaType),
    ("package_format", DCAT.packageFormat, address_or_text, DCT.MediaType),
    ("temporal_resolution", DCAT.temporalResolution, values.duration, None),
)
_FILE_LISTS: Final = (
    ("documentation", FOAF.page, address_or_text, FOAF.Document), ("language", DCT.language, address_or_text, DCT.LinguisticSystem),
    ("conforms_to", DCT.conformsTo, address_or_text, DCT.Standard),
)


def _plain(rows: Iterable[tuple[Any, ...]]) -> tuple[tuple[str, str, Kind | None, str], ...]:
    return tuple((name, str(predicate), kind, str(of) if of else "") for name, predicate, kind, of in rows)


TEXTS, LISTS, FILE_TEXTS, FILE_LISTS = (_plain(rows) for rows in (_TEXTS, _LISTS, _FILE_TEXTS, _FILE_LISTS))
T = {name: str(term) for name, term in {
    "title": DCT.title, "description": DCT.description, "identifier": DCT.identifier, "keyword": DCAT.keyword, "issued": DCT.issued,
    "modified": DCT.modified, "dataset": DCAT.Dataset, "contact": DCAT.contactPoint, "kind": VCARD.Kind, "vorg": VCARD.Organization,
    "fn": VCARD.fn, "mail": VCARD.hasEmail, "uid": VCARD.hasUID, "vurl": VCARD.hasURL, "agent": FOAF.Agent, "name": FOAF.name,
    "mbox": FOAF.mbox, "home": FOAF.homepage, "type": DCT.type, "publisher": DCT.publisher, "creator": DCT.creator,
    "period": DCT.PeriodOfTime, "start": DCAT.startDate, "end": DCAT.endDate, "temporal": DCT.temporal, "spatial": DCT.spatial,
    "location": DCT.Location, "label": SKOS.prefLabel, "geom": LOCN.geometry, "bbox": DCAT.bbox, "centroid": DCAT.centroid,
    "rdfs": RDFS.label,
    "metres": DCAT.spatialResolutionInMeters, "adms": ADMS.identifier, "adms_kind": ADMS.Identifier, "notation": SKOS.notation,
    "access": DCT.accessRights, "rights": DCT.rights, "provenance": DCT.provenance, "statement": DCT.RightsStatement,
    "provenance_kind": DCT.ProvenanceStatement, "distribution": DCAT.distribution, "file": DCAT.Distribution,
    "media": DCAT.mediaType, "media_kind": DCT.MediaType, "format": DCT["format"], "format_kind": DCT.MediaTypeOrExtent,
    "size": DCAT.byteSize, "whole": XSD.nonNegativeInteger, "checksum": SPDX.checksum,
    "checksum_kind": SPDX.Checksum, "sum": SPDX.checksumValue, "algorithm": SPDX.algorithm, "algorithm_kind": SPDX.ChecksumAlgorithm,
    "access_url": DCAT.accessURL, "credit": CC.attributionName, "credit_page": CC.attributionURL,
}.items()}
