"""Rendering: templates, the page cache, pictures, prices, languages. Independent of any page."""
