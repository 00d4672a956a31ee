"""Harvest sources in the portal: who manages them, what became of their runs, and the pages.

The web process never fetches anything from a source: runs are started by ``myk harvest watch``,
previews are looked at by the job worker, in a process of their own.
"""
