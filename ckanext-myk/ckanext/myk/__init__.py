"""The CKAN extension of the MYK Competence Hub: schemas, portal pages, theme, actions."""
