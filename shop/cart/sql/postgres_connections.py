"""Connections to PostgreSQL that never keep a caller longer than said: asyncpg without a pool's reset and release."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg  # type: ignore[import-untyped]
import msgspec

from shop.cart.sql.errors import of_postgres
from shop.deadlines import Deadlines
from shop.errors import StoreRefused

CONNECT_SECONDS = 1.0
LOCK_SECONDS = 0.5
"""How long a statement waits for a lock on the whole table."""

_CACHE_SIZES = ("statement_cache_size", "prepared_statement_cache_size")
_IDENTITY = "SELECT pg_postmaster_start_time()::text"
_USELESS = ("08", "25006", "57P")
"""SQLSTATE of a connection that is lost, or leads to a server that another one may have taken the place of."""


class Target(msgspec.Struct, frozen=True):
    """Where a database is, and how to speak to it."""

    dsn: str
    pooled: bool
    """Whether a pooler such as PgBouncer stands between: nothing is then kept in a connection."""

    @classmethod
    def parse(cls, url: str) -> Target:
        """A target from a postgresql:// URL with asyncpg's options (sslmode, sslrootcert, target_session_attrs …).

        `statement_cache_size=0` says that a pooler stands between; it must pool by transaction.
        """
        _, _, rest = url.partition("://")
        base, _, query = rest.partition("?")
        options = {("sslmode" if name == "ssl" else name): value for name, value in parse_qsl(query)}
        sizes = [options.pop(name) for name in _CACHE_SIZES if name in options]
        dsn = f"postgresql://{base}" + (f"?{urlencode(options)}" if options else "")
        _ = urlsplit(dsn)
        return cls(dsn, "0" in sizes)


class Connections:
    """Runs statements, each on a connection of its own and in `seconds` at most, connecting included.

    As many connections are kept as there were statements at a time; whoever uses it bounds that. A statement whose
    connection turns out to be gone is sent once more on a new one, so it must be such as can be carried out twice.
    """

    def __init__(self, target: Target, *, seconds: float) -> None:
        self.epoch = 0
        """How often a new connection met another process than the last one did."""
        self._target = target
        self._seconds = seconds
        self._settings = {} if target.pooled else _settings(seconds)
        self._idle: list[Any] = []
        # Dropped, not cancelled: asyncpg would ask the server to cancel, on one more connection, and wait for that.
        self._deadlines: Deadlines[Any] = Deadlines(seconds, lambda connection: connection.terminate())
        self._process = ""

    async def fetch(self, statement: str, *values: Any) -> Sequence[Any]:
        """The rows that a statement returns. Raises StoreUnavailable; a fault of the statement as asyncpg's own."""
        until = asyncio.get_running_loop().time() + self._seconds
        try:
            while self._idle:
                connection = self._idle.pop()
                if connection.is_closed():
                    continue
                try:
                    return await self._run(connection, until, statement, values)
                except asyncpg.PostgresError as error:
                    if not _is_gone(error):
                        raise
                    self._forget_idle()
            return await self._run(await self._connect(until), until, statement, values)
        except Exception as error:
            if (failure := of_postgres(error)) is error:
                raise
            raise failure from error

    async def close(self) -> None:
        """Let go of the connections."""
        self._deadlines.close()
        while self._idle:
            try:
                await self._idle.pop().close(timeout=CONNECT_SECONDS)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                continue

    async def _run(self, connection: Any, until: float, statement: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run a statement on a connection, and keep the connection if it can be used again.

        Raises TimeoutError when it is not done in time, ConnectionDoesNotExistError when the connection is lost.
        """
        self._deadlines.begins(connection, until)
        try:
            rows: Sequence[Any] = await connection.fetch(statement, *values)
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            connection.terminate()
            if asyncio.get_running_loop().time() >= until:
                raise TimeoutError from error
            # What asyncpg says depends on when it learned that the server had closed the connection.
            raise asyncpg.ConnectionDoesNotExistError(str(error)) from error
        except asyncpg.PostgresError as error:
            if _is_gone(error):
                connection.terminate()
            raise
        except BaseException:
            connection.terminate()
            raise
        finally:
            self._deadlines.ends(connection)
            if not connection.is_closed():
                self._idle.append(connection)
        return rows

    async def _connect(self, until: float) -> Any:
        """A new connection, idle; notices whether it leads to another process than the last one."""
        try:
            connection = await asyncpg.connect(
                self._target.dsn,
                timeout=min(CONNECT_SECONDS, max(until - asyncio.get_running_loop().time(), 0.001)),
                statement_cache_size=0 if self._target.pooled else 100,
                max_cached_statement_lifetime=0,
                server_settings=self._settings,
            )
        except ValueError as error:
            raise StoreRefused(f"The database's URL is not understood: {error}") from error
        ((process,),) = await self._run(connection, until, _IDENTITY, ())
        self._idle.remove(connection)
        if self._process and process != self._process:
            self.epoch += 1
        self._process = process
        return connection

    def _forget_idle(self) -> None:
        """Drop the other connections: what ended one has most likely ended all."""
        while self._idle:
            self._idle.pop().terminate()


def _is_gone(error: asyncpg.PostgresError) -> bool:
    """Whether the connection, or the server it leads to, is of no more use."""
    return bool((error.sqlstate or "").startswith(_USELESS))


def _settings(seconds: float) -> Mapping[str, str]:
    """What a connection is set to: the server gives up when we do, and looks rows up by their key, always.

    Plans are made once, maybe for an empty table: without these a plan that reads the whole table would stay.
    """
    return {
        "application_name": "shop carts",
        "statement_timeout": str(round(seconds * 1000)),
        "lock_timeout": str(round(LOCK_SECONDS * 1000)),
        "jit": "off",
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
    }
