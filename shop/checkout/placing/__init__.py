"""Places an order once, and completes what was interrupted."""
