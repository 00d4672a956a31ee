"""Sharing systems: GBFS feeds."""
