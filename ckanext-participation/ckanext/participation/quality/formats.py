"""What a file's format lets a program do: the five-star scale's second to fourth star. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

# Linked data: things have addresses of their own.
LINKED: Final = frozenset({"RDF", "RDF/XML", "TTL", "TURTLE", "JSON-LD", "JSONLD", "N-TRIPLES", "NT", "N-QUADS", "NQ", "N3", "TRIG",
                           "SPARQL"})
# Structured, and described by an open specification.
FREE: Final = frozenset({
    "CSV", "TSV", "TXT/CSV", "JSON", "NDJSON", "JSONL", "XML", "ODS", "YAML", "SQL", "SQLITE", "PARQUET", "ARROW", "AVRO", "GEOJSON",
    "TOPOJSON", "KML", "KMZ", "GML", "GPX", "GPKG", "GEOPACKAGE", "GEOPARQUET", "FLATGEOBUF", "NETCDF", "NC", "HDF5", "HDF", "GEOTIFF",
    "COG", "TIFF", "GTFS", "GTFS-RT", "GTFS-REALTIME", "GBFS", "ICS", "ICAL",
    "RSS", "ATOM", "WFS", "WMS", "WMTS", "WCS", "OGC API", "OGC:WFS", "OGC:WMS",
    "OGC WFS", "OGC WMS", "API", "SDMX", "PX", "DBF", "DXF", "LAS", "SVG", "OSM", "PBF", "MBTILES", "IFC", "CITYGML", "GRIB", "GRIB2",
    "XLSX", "SHP", "SHAPEFILE", "ESRI REST", "JSON API", "MID", "MIF", "GTIFF", "ASC", "LAZ"})
# Structured, and only some makers' programs read all of it.
OWNED: Final = frozenset({
    "XLS", "XLSM", "XLSB", "MDB", "ACCDB", "FGDB", "GDB", "FGDB/GDB", "FILE GEODATABASE", "GEODATABASE", "ECW", "SID", "MXD", "LYR", "DWG",
    "DGN", "TAB", "SAV", "SPSS", "SAS", "SAS7BDAT", "DTA", "STATA", "RDATA", "RDS", "MAT", "QVD", "E00", "MAP"})
# For people's eyes.
UNREADABLE: Final = frozenset({
    "PDF", "HTML", "HTM", "XHTML", "DOC", "DOCX", "ODT", "RTF", "TXT", "PPT", "PPTX", "ODP", "PNG", "JPEG", "JPG", "GIF", "BMP", "WEBP",
    "MP3", "MP4", "AVI", "MOV", "WAV", "EPUB", "MD", "EXE", "ODG", "PSD", "AI", "EPS"})


def is_machine_readable(name: str) -> bool | None:
    """Say whether programs read data out of this format; None for one that says nothing about what is inside, such as ZIP."""
    return None if (found := stars(name)) == 1 and not _is_known(name) else found > 1


@lru_cache(maxsize=4096)
def stars(name: str) -> int:
    """Return the stars that an openly licensed file in this format earns, 1 to 4."""
    wanted = _folded(name)
    return 4 if wanted in LINKED else 3 if wanted in FREE else 2 if wanted in OWNED else 1


@lru_cache(maxsize=4096)
def _is_known(name: str) -> bool:
    return _folded(name) in UNREADABLE


def _folded(name: str) -> str:
    return name.strip().lstrip(".").upper()
