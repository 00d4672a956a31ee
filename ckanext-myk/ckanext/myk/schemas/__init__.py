"""The portal's metadata schemas (ckanext-scheming)."""
