"""Help with asking: what is completed while typing, and what was probably meant.

Nothing is remembered of what anybody asked. Everything is asked of the live index through one
guarded view (:class:`search.catalogue.view.View`), so that it follows every write and shows nobody
more than a search does.
"""
