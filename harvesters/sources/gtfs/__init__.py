"""Timetables: static GTFS feeds."""
