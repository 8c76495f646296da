"""HTTP: requests, forms, sessions, replies. Independent of any page."""
