"""Hands the metrics of a process to `shop run`, which asks by a Unix socket that is named after the process."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from shop import __version__
from shop.metrics.merging import families_of

SUFFIX = ".sock"
LAG_SECONDS = 0.5
"""How often the event loop's lag is measured."""


class Worker(Collector):
    """Answers whoever connects to the socket with all metrics, and measures how late the event loop is."""

    def __init__(self, registry: CollectorRegistry, folder: str) -> None:
        self._registry = registry
        self._file = Path(folder) / f"{os.getpid()}{SUFFIX}"
        self._server: asyncio.Server | None = None
        self._measuring: asyncio.Task[None] | None = None
        self._lag = 0.0
        ProcessCollector(registry=registry)
        registry.register(self)

    async def start(self) -> None:
        """Open the socket."""
        self._server = await asyncio.start_unix_server(self._answer, self._file)
        self._measuring = asyncio.create_task(self._measure())

    async def close(self) -> None:
        """Close the socket; what has been counted since it was last asked for is lost."""
        if self._measuring is not None:
            self._measuring.cancel()
        if self._server is not None:
            self._server.close()
        with suppress(OSError):
            self._file.unlink()

    async def _answer(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            writer.write(msgspec.json.encode(families_of(self._registry)))
            await writer.drain()
        writer.close()

    async def _measure(self) -> None:
        while True:
            due = time.perf_counter() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._lag = max(self._lag, time.perf_counter() - due)

    @override
    def collect(self) -> Iterable[Metric]:
        lag, self._lag = self._lag, 0.0
        yield GaugeMetricFamily(
            "shop_event_loop_lag_seconds", "How late the event loop was at worst since the last collection", value=lag
        )
        info = {"version": __version__, "python": platform.python_version()}
        yield InfoMetricFamily("shop_build", "The release of the shop", value=info)
