"""Table of contents: which plugin offers which rooms. No logic lives here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation
from ckan.types import CKANApp

from ckanext.participation import assemble, interfaces
from ckanext.participation import config as settings
from ckanext.participation.common import registry as registries
from ckanext.participation.common import web
from ckanext.participation.pages import assets, words

HERE = Path(__file__).parent


class _Rooms(p.SingletonPlugin):
    """Hands the rooms of a plugin to CKAN's interfaces."""

    p.implements(p.IActions, inherit=True)
    p.implements(p.IAuthFunctions, inherit=True)
    p.implements(p.IValidators, inherit=True)
    p.implements(p.ITemplateHelpers, inherit=True)
    p.implements(p.IBlueprint, inherit=True)
    p.implements(p.IClick, inherit=True)

    rooms: tuple[str, ...] = ()

    @property
    def house(self) -> assemble.House:
        """Return what this plugin's rooms offer, collected once."""
        if "_house" not in self.__dict__:
            self._house = assemble.assemble(self.rooms)
        return self._house

    def get_actions(self) -> dict[str, Any]:
        return dict(self.house.actions)

    def get_auth_functions(self) -> dict[str, Any]:
        return dict(self.house.auth)

    def get_validators(self) -> dict[str, Any]:
        return dict(self.house.validators)

    def get_helpers(self) -> dict[str, Any]:
        return dict(self.house.helpers)

    def get_blueprint(self) -> list[Any]:
        return list(self.house.blueprints)

    def get_commands(self) -> list[Any]:
        return [assemble.command_group] if self.house.commands else []


@tk.blanket.config_declarations
class ParticipationPlugin(_Rooms, DefaultTranslation):
    """UI, API and tables: subjects, threads, metadata, search."""

    p.implements(p.IConfigurer)
    p.implements(p.IMiddleware, inherit=True)
    p.implements(p.IPackageController, inherit=True)
    p.implements(p.IFacets, inherit=True)
    p.implements(p.IAuthenticator, inherit=True)
    p.implements(p.ITranslation)

    rooms = ("common", "metadata", "people", "threads", "search", "licensing", "quality", "pages")

    def update_config(self, config: CKANConfig) -> None:
        settings.refuse_placeholders(config)
        tk.add_template_directory(config, "templates")
        tk.add_public_directory(config, "public")
        tk.add_resource("assets", "participation")

    def make_middleware(self, app: CKANApp, config: CKANConfig) -> CKANApp:
        return words.install(assets.install(web.install(app)))

    def authenticate(self, identity: dict[str, Any]) -> Any:
        from ckanext.participation.people import signing_in

        return signing_in.authenticate(identity)

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        from ckanext.participation.search import hooks

        return hooks.before_dataset_index(pkg_dict, registries.registry.index_fields())

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        from ckanext.participation.search import hooks

        return hooks.before_dataset_search(search_params)

    def after_dataset_create(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        from ckanext.participation.quality import marking

        marking.mark(pkg_dict["id"])

    def after_dataset_delete(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        from ckanext.participation.common import removed
        from ckanext.participation.quality import marking
        from ckanext.participation.search import hooks

        marking.mark_deleted(pkg_dict.get("id"))
        removed.deleted(context, pkg_dict.get("id"))
        hooks.dataset_deleted(pkg_dict)

    def after_dataset_update(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        from ckanext.participation.common import removed
        from ckanext.participation.licensing import changes
        from ckanext.participation.quality import marking
        from ckanext.participation.search import hooks

        marking.mark(pkg_dict["id"])
        changes.note(context, pkg_dict["id"])
        if pkg_dict.get("state") == "deleted":
            removed.deleted(context, pkg_dict["id"])
            hooks.dataset_deleted(pkg_dict)

    def dataset_facets(self, facets_dict: Any, package_type: str) -> Any:
        from ckanext.participation.search import hooks

        return hooks.facets(facets_dict)

    def organization_facets(self, facets_dict: Any, organization_type: str, package_type: str | None) -> Any:
        from ckanext.participation.search import hooks

        return hooks.facets(facets_dict)

    def i18n_directory(self) -> str:
        return str(HERE / "i18n")

    def i18n_domain(self) -> str:
        return "ckanext-participation"


class ParticipationLicencesPlugin(_Rooms, DefaultTranslation):
    """The licence register, its recognition and its box; usable alone."""

    p.implements(p.IConfigurer)
    p.implements(p.ITranslation)

    rooms = ("licences",)

    def update_config(self, config: CKANConfig) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_resource("assets", "participation")

    def i18n_directory(self) -> str:
        return str(HERE / "i18n")

    def i18n_domain(self) -> str:
        return "ckanext-participation"


class ParticipationHarvestPlugin(_Rooms):
    """What both harvest source types share: commands, settings and pages. Each type is a plugin of its own (docs/decisions/0002)."""

    p.implements(p.IConfigurer)
    p.implements(p.IMiddleware, inherit=True)
    p.implements(p.IPackageController, inherit=True)

    rooms = ("harvesting",)

    def make_middleware(self, app: CKANApp, config: CKANConfig) -> CKANApp:
        from ckanext.participation.harvesting.views import removals

        return removals.install(app)

    def update_config(self, config: CKANConfig) -> None:
        from ckanext.participation.harvesting import frequencies

        tk.add_template_directory(config, "templates")
        tk.add_template_directory(config, "harvesting/templates")
        frequencies.offer()

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        from ckanext.participation.harvesting import secrets

        secrets.indexed(pkg_dict)
        return pkg_dict

    def after_dataset_show(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        from ckanext.participation.harvesting import secrets

        secrets.shown(context, pkg_dict)


class ParticipationThemePlugin(_Rooms):
    """The catalogue's own look on CKAN's classic templates."""

    p.implements(p.IConfigurer)

    rooms = ("theme",)

    def update_config(self, config: CKANConfig) -> None:
        tk.add_template_directory(config, "theme/templates")
        tk.add_public_directory(config, "theme/public")
        tk.add_resource("theme/assets", "participation_theme")


__all__ = ["ParticipationHarvestPlugin", "ParticipationLicencesPlugin", "ParticipationPlugin", "ParticipationThemePlugin", "interfaces"]
