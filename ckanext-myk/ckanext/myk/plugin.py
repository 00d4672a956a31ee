"""The plugin ``myk``: what the extension adds to CKAN, each part from the room that holds it."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

from ckan.lib.plugins import DefaultTranslation
from ckan.plugins import SingletonPlugin, implements, interfaces, plugin_loaded, toolkit
from ckanext.myk import asking, helpers, home, request_id, search_away, validators
from ckanext.myk.blueprint import blueprint
from ckanext.myk.dcat.catalogue import dcat_catalog_show
from ckanext.myk.dcat.indexing import index_fields
from ckanext.myk.harvesting import actions as harvest_actions
from ckanext.myk.harvesting import auth as harvest_auth
from ckanext.myk.harvesting import pages as harvest_pages
from ckanext.myk.harvesting import views as harvest_views
from ckanext.myk.helpers.dates import current_date
from ckanext.myk.helpers.filters import NEWEST_FIRST
from ckanext.myk.helpers.page import is_page
from ckanext.myk.texts import watching as texts_watching
from ckanext.myk.texts import words as texts_words

HERE = Path(__file__).parent


@toolkit.blanket.config_declarations
class MykPlugin(SingletonPlugin, DefaultTranslation):
    """Schemas, index fields, pages and theme of the portal."""

    implements(interfaces.IActions)
    implements(interfaces.IAuthFunctions)
    implements(interfaces.IBlueprint)
    implements(interfaces.IConfigurer)
    implements(interfaces.IFacets, inherit=True)
    implements(interfaces.IMiddleware, inherit=True)
    implements(interfaces.IPackageController, inherit=True)
    implements(interfaces.ITemplateHelpers)
    implements(interfaces.ITranslation)
    implements(interfaces.IValidators)

    # IConfigurer

    def update_config(self, config: Any) -> None:
        """Add the extension's templates, public files and assets."""
        toolkit.add_template_directory(config, "templates")
        toolkit.add_public_directory(config, "public")
        toolkit.add_resource("assets", "myk")

    # IActions

    def get_actions(self) -> dict[str, Any]:
        """Return the actions that notice a search service that is away, and the catalogue's."""
        own = {"dcat_catalog_show": dcat_catalog_show} if plugin_loaded("dcat") else {}
        return {**search_away.actions(), **harvest_actions.functions(), **own}

    # IAuthFunctions

    def get_auth_functions(self) -> dict[str, Any]:
        """Return who may do what with harvest sources."""
        return harvest_auth.functions()

    # IMiddleware

    def make_middleware(self, app: Any, config: Any) -> Any:
        """Give requests an id, and let them answer 503 while the search service is away."""
        request_id.install(app)
        search_away.install(app)
        return app

    # IBlueprint

    def get_blueprint(self) -> Any:
        """Return the home page, the pages that the law asks for, and those of harvest sources."""
        return [blueprint(), harvest_views.blueprint()]

    # ITemplateHelpers

    def get_helpers(self) -> dict[str, Any]:
        """Return what the templates ask."""
        return {
            **helpers.all_helpers(),
            **home.all_helpers(),
            **asking.all_helpers(),
            **harvest_pages.all_helpers(),
            **texts_words.all_helpers(),
        }

    # IFacets

    def dataset_facets(self, facets_dict: Any, package_type: str) -> Any:
        """Return the filters of the search page, in citizens' words."""
        return _facets()

    def organization_facets(
        self, facets_dict: Any, organization_type: str, package_type: str | None
    ) -> Any:
        """Return the filters of a publisher's page: all but the publisher."""
        return _facets(without="organization")

    def group_facets(self, facets_dict: Any, group_type: str, package_type: str | None) -> Any:
        """Return the filters of a hub's page: all but the hub."""
        return _facets(without="groups")

    # IValidators

    def get_validators(self) -> dict[str, Any]:
        """Return the validators that the schema names."""
        return dict(validators.myk_validators)

    # IPackageController

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        """Turn lists and nested fields into values that the index can filter and count."""
        search_away.before_index()
        fields = index_fields(pkg_dict)
        if stamp := current_date(fields):
            fields["current_date"] = stamp
        return fields

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        """Let the portal's pages list the newest first; the API keeps CKAN's order."""
        if (
            not search_params.get("sort")
            and not str(search_params.get("q") or "").strip("*: ")
            and is_page()
        ):
            search_params["sort"] = NEWEST_FIRST
        return search_params

    def after_dataset_create(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Note which files are to be read."""
        texts_watching.after_save(str(pkg_dict["id"]))

    def after_dataset_update(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Note which files are to be read anew."""
        texts_watching.after_save(str(pkg_dict["id"]))

    def after_dataset_delete(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Note which files are gone."""
        texts_watching.after_save(str(pkg_dict["id"]))

    # ITranslation

    def i18n_domain(self) -> str:
        """Return the gettext domain of the extension."""
        return "ckanext-myk"

    def i18n_directory(self) -> str:
        """Return the folder of the translations."""
        return str(HERE / "i18n")


def _facets(without: str = "") -> OrderedDict[str, str]:
    titles = (
        ("dataset_type", toolkit._("Kind of record")),
        ("organization", toolkit._("Publisher")),
        ("groups", toolkit._("Hub")),
        ("theme", toolkit._("Theme")),
        ("res_format", toolkit._("Format")),
        ("license_id", toolkit._("Licence")),
        ("tags", toolkit._("Keyword")),
    )
    return OrderedDict((name, title) for name, title in titles if name != without)
