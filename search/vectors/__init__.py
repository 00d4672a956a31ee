"""Vectors: meaning, in Qdrant, behind one small interface (``base``)."""
