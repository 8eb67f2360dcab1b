"""The structured data of a dataset's page (ckanext-dcat), made without looking through every installed package for a profile.

What is made is kept by its content, as Markdown is: the same description in the same language gives the same text. Whoever
gets it has the description already.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib.helpers import helper_functions
from flask import request
from markupsafe import Markup

from ckanext.participation.pages import markdown


def replaces_stock() -> bool:
    """Say whether the page's structured data are those of ckanext-dcat's own helper."""
    if not p.plugin_loaded("structured_data"):
        return False
    from ckanext.dcat import helpers

    return helper_functions.get("structured_data") is helpers.structured_data


def script(pkg: dict[str, Any]) -> Markup:
    """Return the page's element with the structured data of the dataset."""
    place = (request.environ.get("CKAN_LANG"), request.environ.get("CKAN_LANG_IS_DEFAULT"),
             *(tk.config[name] for name in ("ckan.site_url", "ckan.site_title", "ckan.site_description", "ckan.root_path")))
    digest = hashlib.sha256(repr(pkg).encode("utf-8", "backslashreplace")).digest()
    return markdown.kept(("structured data", digest, *place), lambda: _element(pkg))


def _element(pkg: dict[str, Any]) -> Markup:
    # The encoder of simplejson for HTML has written <, > and & as escapes: nothing in it can end the element.
    return Markup(f'<!-- Structured data -->\n<script type="application/ld+json">\n{_document(pkg)}\n</script>')  # noqa: S704


def _document(pkg: dict[str, Any]) -> str:
    from ckanext.dcat.helpers import json
    from ckanext.dcat.processors import RDFSerializer

    class Serializer(RDFSerializer):
        def _load_profiles(self, profile_names: list[str]) -> list[Any]:
            return _profiles(tuple(profile_names))

    names = tk.config.get("ckanext.dcat.structured_data.profiles", ["schemaorg"])
    made = json.loads(Serializer(profiles=names).serialize_dataset(pkg, _format="jsonld"))
    return json.dumps(made, sort_keys=True, indent=4, separators=(",", ": "), cls=json.JSONEncoderForHTML)


@cache
def _profiles(names: tuple[str, ...]) -> list[Any]:
    """Return the classes of dcat's profiles; which are installed does not change in a process."""
    from ckanext.dcat.processors import RDFSerializer

    return RDFSerializer(profiles=list(names))._profiles
