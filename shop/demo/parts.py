"""The processes of a demonstration: each can be inspected, killed by anyone and restarted."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import asyncpg  # type: ignore[import-untyped]
import msgspec
from prometheus_client.parser import text_string_to_metric_families
from psutil import STATUS_ZOMBIE, NoSuchProcess, Process  # type: ignore[import-untyped]
from typing_extensions import override

from shop.demo.ports import free_port, says_port_taken
from shop.demo.postgres import Postgres
from shop.demo.valkey import Valkey
from shop.settings import environment

ANSWER_SECONDS = 1.0
"""A process that takes longer to answer counts as hung."""
FEW_KEYS = 1_000
"""Up to this number, carts are counted exactly; above it, the few keys that are not carts do not matter."""
ROLES = {"master": "primary", "slave": "replica"}


class Look(msgspec.Struct, frozen=True):
    """The state that a process reported about itself."""

    role: str
    carts: int | None = None
    calls: float | None = None
    """Commands, or calls of the cart service, per second."""
    note: str = ""


class Part(ABC):
    """A process of a demonstration, at one address even after restarts. Made by shop.demo.topologies."""

    name: str

    @property
    @abstractmethod
    def address(self) -> str:
        """Host and port; settled when it first starts."""

    @property
    @abstractmethod
    def pid(self) -> int | None:
        """Its process id; None while it is dead."""

    @property
    def target(self) -> str:
        """The arguments for `kill -9` and `kill -STOP` in a shell."""
        return str(self.pid)

    @abstractmethod
    def start(self) -> None:
        """Start it, with its saved data."""

    @abstractmethod
    def end(self) -> None:
        """Stop it, whatever its state. Its saved data stays."""

    @abstractmethod
    def look(self) -> Look:
        """Its current state. Raises the error of the connection if it does not answer within ANSWER_SECONDS."""


class Server(Part):
    """A Redis server, or a Sentinel."""

    def __init__(self, name: str, valkey: Valkey) -> None:
        self.name = name
        self._valkey = valkey

    @property
    @override
    def address(self) -> str:
        return f"127.0.0.1:{self._valkey.port}"

    @property
    @override
    def pid(self) -> int | None:
        return self._valkey.pid if self._valkey.runs else None

    @override
    def start(self) -> None:
        self._valkey.start()

    @override
    def end(self) -> None:
        if self._valkey.runs:
            self._valkey.resume()
            self._valkey.terminate()

    @override
    def look(self) -> Look:
        with self._valkey.client() as client:
            info = client.info()
            calls = info["instantaneous_ops_per_sec"]
            if watched := info.get("master0"):
                return Look("sentinel", None, calls, f"names {watched['address']}, {watched['status']}")
            keys = info.get("db0", {}).get("keys", 0)
            carts = keys if keys > FEW_KEYS else sum(1 for _ in client.scan_iter("cart:*", count=FEW_KEYS))
        return Look(ROLES[info["role"]], carts, calls, _blocked_by(info))


def _blocked_by(info: dict[str, Any]) -> str:
    """The reason why a server cannot work; '' if it can."""
    if info.get("loading"):
        return "loading its data"
    return "" if info.get("master_link_status", "up") == "up" else "without its primary"


class Database(Part):
    """A PostgreSQL server."""

    def __init__(self, name: str, postgres: Postgres) -> None:
        self.name = name
        self._postgres = postgres

    @property
    @override
    def address(self) -> str:
        return f"127.0.0.1:{self._postgres.port}"

    @property
    @override
    def pid(self) -> int | None:
        try:
            return self._postgres.pid if Process(self._postgres.pid).status() != STATUS_ZOMBIE else None
        except (FileNotFoundError, NoSuchProcess):
            return None

    @property
    @override
    def target(self) -> str:
        return f"{self.pid} $(pgrep -P {self.pid})"  # each connection has its own process

    @override
    def start(self) -> None:
        self._postgres.kill()
        self._postgres.start()

    @override
    def end(self) -> None:
        if not self.pid:
            return
        self._postgres.resume()
        try:
            self._postgres.terminate()
        except RuntimeError:
            self._postgres.kill()

    @override
    def look(self) -> Look:
        return Look("database", asyncio.run(self._carts()))

    async def _carts(self) -> int:
        """The number of carts in its archive."""
        async with asyncio.timeout(ANSWER_SECONDS):
            connection = await asyncpg.connect(self._postgres.url.replace("+asyncpg", ""))
            try:
                return int(await connection.fetchval("SELECT count(*) FROM carts"))
            except asyncpg.UndefinedTableError:
                return 0  # the shop has not migrated it yet
            finally:
                connection.terminate()


class Shop(Part):
    """`shop run` in its own process; its output is in shop.log. Port 0 means any free port."""

    name = "shop"

    def __init__(self, folder: Path, port: int, **settings: str) -> None:
        self.log = folder / "shop.log"
        self._folder = folder
        self._settings = settings
        self._any_port = not port
        self._port = port or free_port()
        self._metrics_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._counted = (time.monotonic(), 0.0)

    @property
    @override
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """Where it is open."""
        return f"http://{self.address}"

    @property
    def metrics_url(self) -> str:
        """Where its metrics are."""
        return f"http://127.0.0.1:{self._metrics_port}/metrics"

    @property
    def _opening(self) -> dict[str, str]:
        return {"METRICS_PORT": str(self._metrics_port), "DEMO": "on"}

    @property
    def has_opened(self) -> bool:
        """Whether it has said that it is open, at its own port."""
        return f"is open at {self.url} " in self.log.read_text()

    @property
    @override
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def moves(self) -> bool:
        """Choose another port, if it ended because the one chosen for it was taken; returns whether it did."""
        taken = self._any_port and self.pid is None and says_port_taken(self.log.read_text())
        if taken:
            self.log.unlink()
            self._port, self._metrics_port = free_port(), free_port()
        return taken

    @override
    def start(self) -> None:
        command = [sys.executable, "-m", "shop.cli", "run"]
        environ = environment(**self._settings, HOST="127.0.0.1", PORT=str(self._port), **self._opening)
        with self.log.open("a") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                command, env=environ, cwd=self._folder, stdout=log, stderr=subprocess.STDOUT
            )

    @override
    def end(self) -> None:
        if self._process is None or self.pid is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @override
    def look(self) -> Look:
        with urlopen(self.metrics_url, timeout=ANSWER_SECONDS) as reply:  # noqa: S310 - our own address
            text = reply.read().decode()
        counts: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                counts[sample.name] = counts.get(sample.name, 0.0) + sample.value
        return Look("shop", None, self._rate(counts.get("shop_cart_operations_total", 0.0)), _carts_state(counts))

    def _rate(self, count: float) -> float:
        """Calls per second since the previous call of `look`."""
        (then, before), now = self._counted, time.monotonic()
        self._counted = (now, count)
        return max(count - before, 0.0) / (now - then)


def _carts_state(counts: dict[str, float]) -> str:
    """Whether the store or the standby serves the carts, and what was recovered since the shop started."""
    charge = "standby in charge" if counts.get("shop_cart_standby_in_charge") else "store in charge"
    names = {
        "shop_cart_standby_takeovers_total": "takeovers",
        "shop_cart_changes_waiting": "changes waiting",
        "shop_cart_changes_replayed_total": "replayed",
        "shop_carts_restored_total": "carts restored",
        "shop_carts_to_archive": "carts to archive",
        "shop_carts_woken_total": "carts restored from the archive",
    }
    return ", ".join((charge, *(f"{name} {counts[name]:.0f}" for name, name in names.items() if counts.get(name))))
