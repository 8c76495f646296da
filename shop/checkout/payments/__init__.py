"""The payment provider contract, and the demonstration provider."""
