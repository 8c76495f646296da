"""Pages that belong to no other package: texts, preferences, errors, sitemap, offline page."""
