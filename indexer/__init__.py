"""Indexer: CKAN records and their files in, index documents out, into the search service.

This room is prepared, not furnished: text from files and passages come with their own issue.
Records reach the index through Solr's wire, which CKAN speaks by itself.
"""
