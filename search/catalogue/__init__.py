"""The catalogue on Tantivy: words, filters, facets and sorts, exact and complete."""
