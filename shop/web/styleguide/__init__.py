"""The style guide: every component in every state."""
