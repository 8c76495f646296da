"""Fixtures for every tier live in tests/fixtures, one outside thing each."""

import gc

import pytest
from hypothesis import settings

pytest_plugins = [
    "tests.fixtures.shop_process",
    "tests.fixtures.browser",
    "tests.fixtures.redis_server",
    "tests.fixtures.cart_services",
    "tests.fixtures.cart_commands",
    "tests.fixtures.cluster",
    "tests.fixtures.commands",
    "tests.fixtures.shop_app",
    "tests.fixtures.database",
    "tests.fixtures.foreign_provider",
    "tests.fixtures.localstripe",
    "tests.fixtures.buyer",
    "tests.fixtures.postgres",
    "tests.fixtures.sentinel",
    "tests.fixtures.order_scene",
    "tests.fixtures.tls",
    "tests.fixtures.valkey",
    "tests.fixtures.web_proxy",
]


settings.register_profile("shop", deadline=None)  # no test measures time
settings.load_profile("shop")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--renew-looks`: take the pictures anew that tests/e2e/test_looks.py compares with."""
    parser.addoption("--renew-looks", action="store_true", help="take the pictures of tests/e2e/looks anew")


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it for garbage, again and again, took a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
