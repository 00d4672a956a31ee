"""Indexer: CKAN records and their files in, index documents out, into the search service.

The lower half knows neither of them: ``sandbox`` reads a file's text in a process of its own,
``extract`` does the reading, ``passages`` splits it into pieces that can be found by themselves.
Records reach the index through Solr's wire, which CKAN speaks by itself.
"""
