"""Geodata: catalogues (CSW, OGC API Records) and services (WMS, WFS, OGC API Features)."""
