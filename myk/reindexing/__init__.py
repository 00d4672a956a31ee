"""Many records into the index at once: CKAN's own documents, without CKAN's work per record.

CKAN reads one record with a dozen queries, builds its schemas anew, validates twice and sends it.
Here the rows of a batch are read together (``rows``), the schemas are prepared once
(``validation``), and a batch is sent in one request (``documents``), by several processes
(``processes``). Everything else is CKAN's own code, so that every plugin has its say on every
record: the actions, the hooks of ``IPackageController`` and ``IResourceController``, the forms of
``IDatasetForm``, and the document itself (``PackageSearchIndex.index_package``). What the shorter
way cannot do is done CKAN's way, record by record.

``tests/integration/test_reindexing.py`` compares its documents with CKAN's.
"""

from __future__ import annotations


class NotIndexed(RuntimeError):
    """A record cannot be indexed, by CKAN's own code either; the message says why."""
