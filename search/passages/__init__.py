"""Passages of documents: in Qdrant, dense and sparse, found by words and meaning."""
