"""Fixtures for every tier live in tests/fixtures, one outside thing each."""

pytest_plugins = [
    "tests.fixtures.cart_services",
    "tests.fixtures.valkey",
]
