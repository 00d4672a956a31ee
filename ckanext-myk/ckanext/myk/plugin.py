"""The plugin ``myk``: what the extension adds to CKAN, each part from the room that holds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ckan.lib.plugins import DefaultTranslation
from ckan.plugins import SingletonPlugin, implements, interfaces, toolkit

from ckanext.myk import validators
from ckanext.myk.dcat.indexing import index_fields

HERE = Path(__file__).parent


@toolkit.blanket.config_declarations
class MykPlugin(SingletonPlugin, DefaultTranslation):
    """Schemas, index fields, pages and theme of the portal."""

    implements(interfaces.IConfigurer)
    implements(interfaces.IPackageController, inherit=True)
    implements(interfaces.ITranslation)
    implements(interfaces.IValidators)

    # IConfigurer

    def update_config(self, config: Any) -> None:
        """Add the extension's templates, public files and assets."""
        toolkit.add_template_directory(config, "templates")
        toolkit.add_public_directory(config, "public")
        toolkit.add_resource("assets", "myk")

    # IValidators

    def get_validators(self) -> dict[str, Any]:
        """Return the validators that the schema names."""
        return dict(validators.myk_validators)

    # IPackageController

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        """Turn lists and nested fields into values that the index can filter and count."""
        return index_fields(pkg_dict)

    # ITranslation

    def i18n_domain(self) -> str:
        """Return the gettext domain of the extension."""
        return "ckanext-myk"

    def i18n_directory(self) -> str:
        """Return the folder of the translations."""
        return str(HERE / "i18n")
