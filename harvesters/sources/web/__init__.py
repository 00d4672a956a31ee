"""The web itself: feeds and websites."""
