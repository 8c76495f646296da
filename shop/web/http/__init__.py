"""HTTP: requests, forms, sessions, replies, metrics, health. Independent of any page."""
