"""The search service: a Flask API over Tantivy (words) and Qdrant (meaning)."""
