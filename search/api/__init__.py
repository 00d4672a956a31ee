"""The JSON API: what people, scripts and the portal ask, described by OpenAPI."""
