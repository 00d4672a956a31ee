"""Reproducible training of the static German-English embedding model that ships with the hub.

One command runs every stage and skips those that are done::

    python -m search.training --out search/models/myk-static-de-en --work DIR [--extra DATA]

Only :mod:`search.training.text`, :mod:`~search.training.pairs`, :mod:`~search.training.sources` and
the readers work with the standard library alone; the teacher and the student need
``requirements/training.txt``. Nothing here is imported by the running portal.
"""
