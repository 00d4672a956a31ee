"""How well the search finds what is meant: a guard against getting worse, and the table in docs."""
