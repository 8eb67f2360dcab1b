"""For which sites and datasets the quick way (`rows`, `describing`) gives what `package_show` and ckanext-dcat's profiles give.

Anywhere else, and for any other dataset, the profiles describe what `package_search` gives (`making`), at many times the cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib.plugins import lookup_package_plugin
from ckanext.dcat.interfaces import IDCATURIGenerator
from ckanext.dcat.profiles import EuropeanDCATAP3Profile, EuropeanDCATAPSchemingProfile
from ckanext.scheming.plugins import SchemingDatasetsPlugin

from ckanext.participation.harvesting.offering.rows import Form
from ckanext.participation.harvesting.offering.terms import LISTS, TEXTS
from ckanext.participation.licences.profile import LicenceProfile

# What these plugins add to a dataset or a file that is shown is not in the feeds.
_KNOWN: Final = ("ckanext.participation.", "ckanext.harvest.", "ckanext.dcat.", "ckanext.scheming.", "ckanext.activity.",
                 "ckanext.datastore.", "ckanext.datapusher.", "ckanext.tracking.")
_HOOKS: Final = ((p.IPackageController, ("after_dataset_show", "after_dataset_search", "before_dataset_index")),
                 (p.IResourceController, ("before_resource_show",)))
_ACTIONS: Final = frozenset({"package_show", "package_search", "organization_show"})
_JSON: Final = "participation_json_output"
_PROFILES: Final = ([EuropeanDCATAP3Profile, EuropeanDCATAPSchemingProfile, LicenceProfile], [EuropeanDCATAP3Profile, LicenceProfile])
# What else the profiles read, where a dataset has it.
_AGENT: Final = ("uri", "name", "email", "url", "type", "identifier")
_OTHER: Final = frozenset({
    *(f"publisher_{part}" for part in _AGENT), *(f"creator_{part}" for part in _AGENT), "contact_uri", "contact_name", "contact_email",
    "temporal_start", "temporal_end", "spatial", "spatial_text", "spatial_uri", "spatial_bbox", "spatial_centroid", "related_resource",
    "has_version", "is_version_of", "source", "sample", "applicable_legislation", "hvd_category", "provenance_activity",
    "qualified_attribution", "qualified_relation", "in_series", "series_navigation"})
_EXTRAS: Final = _OTHER | {name for name, *_ in (*TEXTS, *LISTS)} | {
    "uri", "identifier", "issued", "modified", "access_rights", "provenance", "alternate_identifier", "spatial_resolution_in_meters",
    "title_translated", "notes_translated", "maintainer", "maintainer_email", "author", "author_email"}
_OF_FILES: Final = frozenset({"access_services", "applicable_legislation", "extras"})


def form(profiles: Iterable[type]) -> Form | None:
    """Return how this site's schema keeps fields, or None on a site whose datasets the profiles have to describe.

    :param profiles: the classes of the profiles that the feeds are written with
    """
    if list(profiles) not in _PROFILES or tk.asbool(tk.config.get("ckanext.dcat.resource.inherit.license", False)):
        return None
    if list(p.PluginImplementations(IDCATURIGenerator)) or _others():
        return None
    if type(lookup_package_plugin("dataset")) is not SchemingDatasetsPlugin:
        return None
    schema = tk.h.scheming_get_dataset_schema("dataset")
    return _form(schema) if schema else None


def usual(dataset: Mapping[str, Any]) -> bool:
    """Say whether a dataset has nothing that the quick way does not write."""
    if dataset.get("unreadable") or not _OTHER.isdisjoint(dataset):
        return False
    if any(row["key"] in _EXTRAS or row["key"].startswith("dcat_") for row in dataset["extras"]):
        return False
    return all(_OF_FILES.isdisjoint(file) for file in dataset["resources"])


def _others() -> bool:
    """Say whether another plugin may change what a reader gets."""
    for interface, names in _HOOKS:
        for plugin in p.PluginImplementations(interface):
            if not type(plugin).__module__.startswith(_KNOWN) and any(
                    getattr(type(plugin), name, None) is not getattr(interface, name) for name in names):
                return True
    return any(not type(plugin).__module__.startswith(_KNOWN) and not _ACTIONS.isdisjoint(plugin.get_actions())
               for plugin in p.PluginImplementations(p.IActions))


def _form(schema: Mapping[str, Any]) -> Form | None:
    fields: dict[str, dict[str, Any]] = {field["field_name"]: field for field in schema["dataset_fields"]}
    files: dict[str, dict[str, Any]] = {field["field_name"]: field for field in schema["resource_fields"]}
    subfields = {name: field["repeating_subfields"] for name, field in fields.items() if "repeating_subfields" in field}
    every = [*fields.values(), *files.values(), *(one for some in subfields.values() for one in some)]
    if any(field.get("output_validators") not in (None, "", _JSON) for field in every):
        return None
    return Form(
        frozenset(fields), frozenset(_json(fields.values())) | subfields.keys(), frozenset(_json(files.values())),
        {name: frozenset(_json(some)) for name, some in subfields.items()})


def _json(fields: Iterable[Mapping[str, Any]]) -> list[str]:
    return [field["field_name"] for field in fields if field.get("output_validators") == _JSON]
