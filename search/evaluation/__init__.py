"""Relevance, measured: collections in BEIR form, the real pipeline, standard metrics."""
