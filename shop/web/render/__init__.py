"""Rendering: templates, the page cache, pictures, prices, languages. Knows no page."""
