"""The contract of payment providers, and the demo provider."""
