"""The Jinja environment."""
