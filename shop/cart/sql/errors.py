"""What the errors of asyncpg and sqlite3 mean for a shop: not now, not with these settings, or a fault of ours."""

from __future__ import annotations

import socket
import sqlite3
import ssl

import asyncpg  # type: ignore[import-untyped]

from shop.errors import StoreRefused, StoreUnavailable

UNPREPARED = "The database has no table for carts yet; 'shop run' makes it."

_AWAY = ("08", "25006", "40", "53", "55", "57", "58", "XX")
"""SQLSTATE classes that mean 'not now': connection, read-only, conflict, resources, state, shutdown, system, damage."""
_REFUSED = ("28", "3D", "42501")
"""User or password, no such database, too few rights."""
_NO_TABLE = "42P01"
_GONE = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
_SQLITE_MISTAKE = 1
"""SQLITE_ERROR: what SQLite says of wrong statements; all that is wrong with the file or the disk has another code."""


def of_postgres(error: Exception) -> Exception:
    """The StoreUnavailable that stands for an error of asyncpg; the error itself if it is a fault of ours."""
    state, text = getattr(error, "sqlstate", None) or "", str(error)
    if state == _NO_TABLE:
        return StoreRefused(UNPREPARED)
    if state.startswith(_REFUSED):
        return StoreRefused(f"PostgreSQL does not let the shop in; check the database's URL: {text}")
    if isinstance(error, socket.gaierror):
        return StoreRefused(f"The host name in the database's URL is not known: {text}")
    if isinstance(error, ssl.SSLCertVerificationError | asyncpg.ClientConfigurationError | FileNotFoundError):
        return StoreRefused(f"PostgreSQL cannot be reached with these settings; check the database's URL: {text}")
    if state.startswith(_AWAY):
        return StoreUnavailable(f"PostgreSQL cannot take this now: {text}")
    if isinstance(error, _GONE):
        return StoreUnavailable(f"PostgreSQL cannot be reached: {text or 'no answer in time.'}")
    return error


def of_sqlite(error: Exception) -> Exception:
    """The StoreUnavailable that stands for an error of sqlite3; the error itself if it is a fault of ours."""
    text = str(error)
    if "no such table" in text:
        return StoreRefused(UNPREPARED)
    if "file is not a database" in text:
        return StoreRefused("The database's URL names a file that is not a SQLite database.")
    if isinstance(error, TimeoutError):
        return StoreUnavailable("SQLite does not answer in time.")
    if isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", _SQLITE_MISTAKE) != (
        _SQLITE_MISTAKE
    ):
        return StoreUnavailable(f"SQLite cannot take this now: {text}")
    return error
