"""The pages: what comes in over HTTP and what goes back."""
