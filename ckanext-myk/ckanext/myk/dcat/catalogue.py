"""Which records the catalogue in RDF lists: datasets.

Council papers and meetings are no datasets in the sense of DCAT; whoever harvests the catalogue
would get them as such.
"""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit


@toolkit.chained_action
@toolkit.side_effect_free
def dcat_catalog_show(original: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """Show the catalogue of the datasets among what ``fq`` finds."""
    wanted = " ".join(filter(None, ["+dataset_type:dataset", data_dict.get("fq")]))
    return original(context, {**data_dict, "fq": wanted})
