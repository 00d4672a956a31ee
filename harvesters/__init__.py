"""Harvesters: sources in, normalised records out, into CKAN (through ckanapi alone)."""
