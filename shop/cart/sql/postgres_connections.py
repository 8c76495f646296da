"""Connections to PostgreSQL with a hard timeout: asyncpg without the reset and release of its pool."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg  # type: ignore[import-untyped]
import msgspec

from shop.cart.clock import StoreClock
from shop.cart.sql.errors import translate_postgres
from shop.deadlines import Deadlines
from shop.errors import StoreRefused

CONNECT_SECONDS = 1.0
LOCK_SECONDS = 0.5
"""How long a statement waits for a lock, such as one on the whole table."""

_CACHE_SIZES = ("statement_cache_size", "prepared_statement_cache_size")
_IDENTITY = "SELECT pg_postmaster_start_time()::text, extract(epoch FROM clock_timestamp())::float8"
_TIME = "SELECT extract(epoch FROM clock_timestamp())::float8"
_UNUSABLE = ("08", "25006", "57P")
"""SQLSTATEs of a lost connection, or of a server that may have been replaced as the primary."""


class Target(msgspec.Struct, frozen=True):
    """The address of a database, and whether a pooler is in front of it."""

    dsn: str
    pooled: bool
    """Whether a pooler such as PgBouncer is in between: connections must then hold no session state."""

    @classmethod
    def parse(cls, url: str) -> Target:
        """Parse a postgresql:// URL with asyncpg's options (sslmode, sslrootcert, target_session_attrs …).

        `statement_cache_size=0` means that a pooler is in between; it must pool by transaction.
        """
        _, _, rest = url.partition("://")
        base, _, query = rest.partition("?")
        options = {("sslmode" if name == "ssl" else name): value for name, value in parse_qsl(query)}
        sizes = [options.pop(name) for name in _CACHE_SIZES if name in options]
        dsn = f"postgresql://{base}" + (f"?{urlencode(options)}" if options else "")
        _ = urlsplit(dsn)
        return cls(dsn, "0" in sizes)


class Connections:
    """Runs statements, each on its own connection and within `timeout` seconds, including connecting.

    It keeps as many connections as there were concurrent statements; the caller has to limit those. If a connection
    turns out to be lost, the statement is repeated on a new one, so it must be safe to execute twice. Each new
    connection measures the server's clock, and so does `measure`.
    """

    def __init__(self, target: Target, clock: StoreClock, *, timeout: float) -> None:
        self.epoch = 0
        """How many times a new connection reached another server process than the one before."""
        self._target = target
        self._clock = clock
        self._timeout = timeout
        self._settings = {} if target.pooled else _settings(timeout)
        self._idle: list[Any] = []
        # Terminate, not cancel: to cancel, asyncpg would open another connection to the server and wait for it.
        self._deadlines: Deadlines[Any] = Deadlines(timeout, lambda connection: connection.terminate())
        self._server_start = ""

    async def fetch(self, statement: str, *values: Any) -> Sequence[Any]:
        """Run a statement and return its rows. Raises StoreUnavailable; for a wrong statement, asyncpg's own error."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            while self._idle:
                connection = self._idle.pop()
                if connection.is_closed():
                    continue
                try:
                    return await self._run(connection, deadline, statement, values)
                except asyncpg.PostgresError as error:
                    if not _is_unusable(error):
                        raise
                    self._drop_idle()
            return await self._run_on_new(deadline, statement, values)
        except Exception as error:
            if (failure := translate_postgres(error)) is error:
                raise
            raise failure from error

    async def measure(self) -> None:
        """Measure the server's clock. Raises StoreUnavailable."""
        sent = self._clock.monotonic()
        ((seconds,),) = await self.fetch(_TIME)
        self._clock.measured(seconds, sent, self._clock.monotonic())

    async def close(self) -> None:
        """Close the connections."""
        self._deadlines.close()
        while self._idle:
            try:
                await self._idle.pop().close(timeout=CONNECT_SECONDS)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                continue

    async def _run(self, connection: Any, deadline: float, statement: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run a statement on a connection, and keep the connection if it is still usable.

        Raises TimeoutError at the deadline, and ConnectionDoesNotExistError if the connection is lost.
        """
        self._deadlines.add(connection, deadline)
        try:
            rows: Sequence[Any] = await connection.fetch(statement, *values)
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            connection.terminate()
            if asyncio.get_running_loop().time() >= deadline:
                raise TimeoutError from error
            # asyncpg's own error depends on when it noticed that the server had closed the connection.
            raise asyncpg.ConnectionDoesNotExistError(str(error)) from error
        except asyncpg.PostgresError as error:
            if _is_unusable(error):
                connection.terminate()
            raise
        except BaseException:
            connection.terminate()
            raise
        finally:
            self._deadlines.remove(connection)
            if not connection.is_closed():
                self._idle.append(connection)
        return rows

    async def _run_on_new(self, deadline: float, statement: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run a statement on a new connection, or on another one if somebody ends that too."""
        with contextlib.suppress(asyncpg.ConnectionDoesNotExistError, asyncpg.AdminShutdownError, ConnectionResetError):
            return await self._run(await self._connect(deadline), deadline, statement, values)
        return await self._run(await self._connect(deadline), deadline, statement, values)

    async def _connect(self, deadline: float) -> Any:
        """Open a connection, and increase `epoch` if it leads to another server process than the last one."""
        try:
            connection = await asyncpg.connect(
                self._target.dsn,
                timeout=min(CONNECT_SECONDS, max(deadline - asyncio.get_running_loop().time(), 0.001)),
                statement_cache_size=0 if self._target.pooled else 100,
                max_cached_statement_lifetime=0,
                server_settings=self._settings,
            )
        except ValueError as error:
            raise StoreRefused(f"The database's URL is invalid: {error}") from error
        sent = self._clock.monotonic()
        ((server_start, seconds),) = await self._run(connection, deadline, _IDENTITY, ())
        self._clock.measured(seconds, sent, self._clock.monotonic())
        self._idle.remove(connection)
        if self._server_start and server_start != self._server_start:
            self.epoch += 1
        self._server_start = server_start
        return connection

    def _drop_idle(self) -> None:
        """Drop the idle connections: what broke one has most likely broken all."""
        while self._idle:
            self._idle.pop().terminate()


def _is_unusable(error: asyncpg.PostgresError) -> bool:
    """Whether the connection, or the server at its other end, can no longer be used."""
    return bool((error.sqlstate or "").startswith(_UNUSABLE))


def _settings(timeout: float) -> Mapping[str, str]:
    """Settings of a connection: the server has the same timeout as the shop, and always looks rows up by their key.

    Plans are made once, perhaps for an empty table: without these settings, a sequential scan could remain in use.
    """
    return {
        "application_name": "shop carts",
        "statement_timeout": str(round(timeout * 1000)),
        "lock_timeout": str(round(LOCK_SECONDS * 1000)),
        "jit": "off",
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
    }
