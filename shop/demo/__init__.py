"""Real servers from pip, for `shop demo` and for the tests (the extra `demo`)."""
