"""The sample region: a DCAT-AP.de catalogue with files, built from hand-written words."""
