"""Pages that belong to no other room: texts, preferences, errors, sitemap."""
