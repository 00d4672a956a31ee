"""DCAT-AP.de: reading and writing records as RDF, and their index fields."""
