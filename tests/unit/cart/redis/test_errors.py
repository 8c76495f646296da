"""Errors that a test cannot make a server raise, or that older servers word differently."""

from __future__ import annotations

import ssl

import pytest
from redis import exceptions as redis_errors
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import SSLConnection

from shop.cart.redis.errors import translate, translator_for
from shop.errors import StoreReadOnly, StoreRefused, StoreTimeout, StoreUnavailable


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            redis_errors.BusyLoadingError("Redis is loading the dataset in memory", status_code="LOADING"),
            "still loading",
        ),
        (
            redis_errors.ConnectionError("max number of clients reached"),
            "has reached its limit of connections (maxclients)",
        ),
        (redis_errors.ResponseError("BUSY Redis is busy running a script."), "is busy with a script"),
        (redis_errors.TimeoutError("Timeout reading from a:1"), "it timed out"),
        (redis_errors.ConnectionError("Connection closed by server."), "closed the connection"),
        (redis_errors.ConnectionError("Something else happened"), "cannot be reached: Something else happened."),
        (OSError(113, "No route to host"), "No route to host."),
    ],
)
def test_a_temporary_error_becomes_store_unavailable(error: Exception, words: str) -> None:
    meant = translate(error)
    assert type(meant) in (StoreUnavailable, StoreTimeout)
    assert words in str(meant)
    assert isinstance(meant, StoreTimeout) == ("timed out" in words)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            redis_errors.ResponseError("MISCONF Redis is configured to save RDB snapshots, but"),
            "cannot save to its disk",
        ),
        (redis_errors.ResponseError("NOREPLICAS Not enough good replicas to write."), "too few replicas"),
        (redis_errors.ResponseError("Error running script: @user_script:89: -OOM command not allowed"), "is full"),
        (redis_errors.ResponseError("Error running script: @user_script:89: -READONLY You can't"), "read-only replica"),
    ],
)
def test_a_server_that_only_reads_is_told_apart(error: Exception, words: str) -> None:
    meant = translate(error)
    assert type(meant) is StoreReadOnly
    assert words in str(meant)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (redis_errors.ResponseError("WRONGPASS invalid username-password pair"), "refuses the user or the password"),
        (
            redis_errors.AuthenticationError("Client sent AUTH, but no password is set"),
            "refuses the user or the password",
        ),
        (
            redis_errors.ResponseError("Error running script: -NOPERM this user has no permissions"),
            "denies this user a command",
        ),
        (
            redis_errors.ResponseError("SELECT is not allowed in cluster mode"),
            "write redis+cluster:// without a number",
        ),
        (redis_errors.RedisClusterException("ERR This instance has cluster support disabled"), "not a cluster node"),
        (
            caused(
                redis_errors.ConnectionError("x"), ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
            ),
            "does not use TLS on this port",
        ),
        (
            redis_errors.ConnectionError("Error while reading from a:1 : [SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED]"),
            "requires one: ?ssl_certfile=FILE&ssl_keyfile=FILE",
        ),
    ],
)
def test_an_error_that_needs_a_fix_becomes_store_refused(error: Exception, words: str) -> None:
    meant = translate(error)
    assert type(meant) is StoreRefused
    assert words in str(meant)


def test_an_unknown_command_is_named_without_its_arguments() -> None:
    error = redis_errors.ResponseError(
        "unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `shop`, `hunter2`, "
    )
    meant = translate(error)
    assert "does not know HELLO: " in str(meant)
    assert "hunter2" not in str(meant)


@pytest.mark.parametrize(
    "error", [redis_errors.NoScriptError("No matching script."), ValueError("LOADING"), KeyError(1)]
)
def test_a_bug_is_not_translated(error: Exception) -> None:
    assert translate(error) is error


def test_moved_is_an_error_only_for_a_url_of_a_single_server() -> None:
    moved = redis_errors.MovedError("13907 127.0.0.1:7001")
    assert translate(moved) is moved
    meant = translator_for(ConnectionPool(host="h", port=7000))(moved)
    assert str(meant) == "Redis at h:7000 is a cluster node: write redis+cluster:// for it."


def test_the_hint_depends_on_tls_in_the_url() -> None:
    closed = redis_errors.ConnectionError("Connection closed by server.")
    plain, by_tls = ConnectionPool(host="h"), ConnectionPool(host="h", connection_class=SSLConnection)
    assert "write rediss://" in str(translator_for(plain)(closed))
    assert "It may require a certificate" in str(translator_for(by_tls)(closed))
