"""The local stack: PostgreSQL, Redis, search service, CKAN and its worker as one foreground run."""
