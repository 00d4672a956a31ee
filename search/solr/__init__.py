"""Solr's wire, a public format: the one room that knows how CKAN asks."""
