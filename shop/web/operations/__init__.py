"""The URLs for supervisors and monitors."""
