"""HTTP: requests, forms, sessions, replies, metrics, health. Knows no page."""
