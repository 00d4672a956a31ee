"""Text analysis: how words become index tokens."""
