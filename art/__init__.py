"""Pictures of the demo shop, as code."""
