"""CKAN's own tests as the acceptance suite of the search: ``python -m tests.ckan_suites``."""
