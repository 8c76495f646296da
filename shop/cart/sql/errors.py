"""Translates errors of asyncpg and sqlite3: the database is unavailable, the settings are wrong, or it is a bug."""

from __future__ import annotations

import socket
import sqlite3
import ssl

import asyncpg  # type: ignore[import-untyped]

from shop.errors import StoreRefused, StoreUnavailable

NO_TABLE = "The database has no table for carts yet; 'shop run' creates it."

_UNAVAILABLE = ("08", "25006", "40", "53", "55", "57", "58", "XX")
"""SQLSTATE classes that may pass: connection, read-only, conflict, resources, state, shutdown, system, corruption."""
_REFUSED = ("28", "3D", "42501")
"""Wrong user or password, no such database, missing privileges."""
_UNDEFINED_TABLE = "42P01"
_CONNECTION_ERRORS = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
_SQLITE_ERROR = 1
"""The code of wrong statements; problems with the file or the disk have other codes."""


def translate_postgres(error: Exception) -> Exception:
    """Translate an error of asyncpg into a StoreUnavailable; return it unchanged if it is a bug in the shop."""
    state, text = getattr(error, "sqlstate", None) or "", str(error)
    if state == _UNDEFINED_TABLE:
        return StoreRefused(NO_TABLE)
    if state.startswith(_REFUSED):
        return StoreRefused(f"PostgreSQL refuses the login; check the database's URL: {text}")
    if isinstance(error, socket.gaierror):
        return StoreRefused(f"The host name in the database's URL cannot be resolved: {text}")
    if isinstance(error, ssl.SSLCertVerificationError | asyncpg.ClientConfigurationError | FileNotFoundError):
        return StoreRefused(f"PostgreSQL cannot be reached with these settings; check the database's URL: {text}")
    if state.startswith(_UNAVAILABLE):
        return StoreUnavailable(f"PostgreSQL is unavailable: {text}")
    if isinstance(error, _CONNECTION_ERRORS):
        return StoreUnavailable(f"PostgreSQL cannot be reached: {text or 'it timed out.'}")
    return error


def translate_sqlite(error: Exception) -> Exception:
    """Translate an error of sqlite3 into a StoreUnavailable; return it unchanged if it is a bug in the shop."""
    text = str(error)
    if "no such table" in text:
        return StoreRefused(NO_TABLE)
    if "file is not a database" in text:
        return StoreRefused("The database's URL names a file that is not a SQLite database.")
    if isinstance(error, TimeoutError):
        return StoreUnavailable("SQLite timed out.")
    if isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", _SQLITE_ERROR) != (
        _SQLITE_ERROR
    ):
        return StoreUnavailable(f"SQLite is unavailable: {text}")
    return error
