"""Other portals, by their APIs and lists in JSON: CKAN, data.json, ArcGIS Hub."""
