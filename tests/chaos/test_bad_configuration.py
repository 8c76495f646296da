"""Each wrong setting is one plain line that says what is wrong and what to do: at the start, and by the doctor."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from shop.cart.connect import open_store, with_standby
from shop.cart.model import Limits
from shop.cart.redis.service import KEY_PREFIX
from shop.cli import cli
from shop.demo.cluster import Cluster
from shop.demo.ports import free_port
from shop.demo.sentinel import Sentinel
from shop.demo.valkey import Valkey
from shop.errors import ConfigurationError
from shop.money import Money
from shop.operations.doctor import examine
from shop.operations.findings import Finding, Level, Report
from shop.operations.startup import startup_findings
from shop.settings import Settings
from tests.fixtures import fork_server
from tests.fixtures.shop_process import SHOP, ShopProcess
from tests.fixtures.tls import Certificates, TlsPorts, query

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy.md"
SECRET = "hunter2"
MEGABYTE = b"x" * 1_000_000
OPEN_SECONDS = 60
"""A bound for a shop that stays closed; nothing is measured by it."""


@pytest.fixture(scope="session")
def odd_valkey() -> Iterator[Valkey]:
    """A server that tests set up in odd ways and mend again."""
    server = Valkey()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(odd_valkey: Valkey) -> Iterator[Valkey]:
    """An empty server, to be set up in an odd way."""
    yield odd_valkey
    odd_valkey.resume()
    with odd_valkey.client() as client:
        client.replicaof("NO", "ONE")
        client.config_set("maxmemory", "0")
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("slowlog-log-slower-than", "10000")
        client.acl_setuser("default", enabled=True, nopass=True, reset_passwords=True)
        client.flushall()
        client.config_resetstat()
        client.slowlog_reset()


def examined(url: str, database: str = "") -> Settings:
    return Settings(redis_url=url, database_url=database or "sqlite:///never-made.db")


async def looked_at(url: str) -> Report:
    return await examine(examined(url), {})


def found(report: Report, about: str) -> Finding:
    (finding,) = [f for f in report.findings if f.about == about and f.part.startswith("REDIS_URL")]
    return finding


async def said(url: str, caplog: pytest.LogCaptureFixture, *, reads: bool = False) -> str:
    """The one line that a shop says when it starts, and the doctor too; the shop goes on with its standby.

    `reads`: the server answers reads, so that every cart is shown.
    """
    caplog.clear()
    service = with_standby(open_store(url, limits=Limits(), ttl=60, name="REDIS_URL"), max_carts=10)
    await service.start()
    assert (await service.get("a")).partial is not reads
    await service.close()
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("shop.")]
    assert "\n" not in line
    report = await looked_at(url)
    problem = found(report, "answer")
    assert problem.level is Level.PROBLEM
    assert problem.says in line
    assert report.exit_status == 2
    for text in (line, str(report)):
        assert SECRET not in text
    return line


class TestTheWayToIt:
    async def test_nothing_listens(self, caplog: pytest.LogCaptureFixture) -> None:
        port = free_port()
        line = await said(f"redis://:{SECRET}@127.0.0.1:{port}", caplog)
        assert f"Redis at 127.0.0.1:{port} cannot be reached: connection refused." in line

    async def test_the_host_name_is_not_known(self, caplog: pytest.LogCaptureFixture) -> None:
        line = await said("redis://no-such-host.invalid:6379", caplog)
        assert "The host name of Redis at no-such-host.invalid:6379 cannot be resolved." in line

    async def test_there_is_no_socket(self, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
        line = await said(f"unix://{tmp_path}/redis.sock", caplog)
        assert "names a file (a socket, a certificate, a key) that does not exist" in line

    async def test_it_hangs(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        server.hang()
        assert f"Redis at 127.0.0.1:{server.port} cannot be reached: it timed out." in await said(server.url, caplog)

    async def test_something_else_answers(self, caplog: pytest.LogCaptureFixture) -> None:
        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as web:
            line = await said(f"redis://127.0.0.1:{web.sockets[0].getsockname()[1]}", caplog)
        assert "is not Redis: it answers in another protocol." in line

    async def test_it_closes_each_connection(self, caplog: pytest.LogCaptureFixture) -> None:
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as closing:
            line = await said(f"redis://127.0.0.1:{closing.sockets[0].getsockname()[1]}", caplog)
        assert "closed the connection. If it uses TLS on this port, write rediss:// in its URL." in line


class TestTls:
    @pytest.fixture
    def port(self, server: Valkey, tls_ports: TlsPorts) -> int:
        """Where the server speaks TLS, to whoever has a certificate of its authority."""
        return tls_ports.before(server.port)

    async def test_the_right_options_are_right(self, port: int, certificates: Certificates) -> None:
        report = await looked_at(f"rediss://127.0.0.1:{port}{query(certificates.options)}")
        assert found(report, "changes").level is Level.OK

    async def test_nothing_says_whom_to_trust(self, port: int, caplog: pytest.LogCaptureFixture) -> None:
        line = await said(f"rediss://127.0.0.1:{port}", caplog)
        assert f"The certificate of Redis at 127.0.0.1:{port} is not trusted: " in line
        assert "Name the CA that signed it with ?ssl_ca_certs=FILE." in line

    @pytest.mark.parametrize(
        ("option", "words"),
        [
            ("other_ca", "is not trusted: "),
            ("missing", "names a file (a socket, a certificate, a key) that does not exist"),
        ],
    )
    async def test_the_authority_is_wrong(
        self, port: int, certificates: Certificates, caplog: pytest.LogCaptureFixture, option: str, words: str
    ) -> None:
        authority = getattr(certificates, option, Path("/nowhere/ca.pem"))
        assert words in await said(f"rediss://127.0.0.1:{port}{query({'ssl_ca_certs': authority})}", caplog)

    async def test_the_certificate_is_for_another_host(
        self, port: int, certificates: Certificates, caplog: pytest.LogCaptureFixture
    ) -> None:
        line = await said(f"rediss://localhost:{port}{query(certificates.options)}", caplog)
        assert f"The certificate of Redis at localhost:{port} is for another host: " in line

    async def test_it_wants_a_certificate(
        self, port: int, certificates: Certificates, caplog: pytest.LogCaptureFixture
    ) -> None:
        line = await said(f"rediss://127.0.0.1:{port}{query({'ssl_ca_certs': certificates.ca})}", caplog)
        assert "?ssl_certfile=FILE&ssl_keyfile=FILE." in line

    async def test_the_shops_certificate_cannot_be_read(
        self, port: int, certificates: Certificates, caplog: pytest.LogCaptureFixture
    ) -> None:
        options = certificates.options | {"ssl_certfile": certificates.client[1]}
        line = await said(f"rediss://127.0.0.1:{port}{query(options)}", caplog)
        assert "A certificate or key in the URL of Redis" in line

    async def test_no_tls_to_a_port_with_it(self, port: int, caplog: pytest.LogCaptureFixture) -> None:
        line = await said(f"redis://127.0.0.1:{port}", caplog)
        assert "If it uses TLS on this port, write rediss:// in its URL." in line

    async def test_tls_to_a_port_without(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        line = await said(f"rediss://127.0.0.1:{server.port}", caplog)
        assert "does not use TLS on this port: then write redis:// in its URL." in line


class TestWhoMayComeIn:
    async def test_it_asks_for_a_password(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        with server.client() as client:
            client.config_set("requirepass", SECRET)
            line = await said(server.url, caplog)
            client.config_set("requirepass", "")
        assert "requires a password. Add it to the URL, as user:password@ before the host." in line

    async def test_the_password_is_wrong(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        with server.client() as client:
            client.config_set("requirepass", "right")
            line = await said(f"redis://:{SECRET}@127.0.0.1:{server.port}", caplog)
            client.config_set("requirepass", "")
        assert "refuses the user or the password. Correct them in its URL." in line

    async def test_there_is_no_such_user(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        line = await said(f"redis://nobody:{SECRET}@127.0.0.1:{server.port}", caplog)
        assert "refuses the user or the password." in line

    async def test_the_user_may_only_read(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        with_user(server, "~*", "+@read", "+@connection", "+info")
        line = await said(f"redis://shop:{SECRET}@127.0.0.1:{server.port}", caplog)
        assert (
            "denies this user a command: User shop has no permissions to run the 'set' command. docs/deploy.md has"
            in line
        )

    async def test_a_user_who_may_not_run_scripts_is_found_before_the_shop_opens(self, server: Valkey) -> None:
        with_user(server, "~*", "+@all", "-@scripting")
        report = await looked_at(f"redis://shop:{SECRET}@127.0.0.1:{server.port}")
        assert "no permissions to run the 'evalsha' command" in found(report, "answer").says

    async def test_the_rule_in_the_documents_is_enough(self, server: Valkey) -> None:
        (rule,) = re.findall(r"^ACL SETUSER shop on >\S+ (.+)$", DEPLOY.read_text(), re.MULTILINE)
        with_user(server, *rule.split())
        url = f"redis://shop:{SECRET}@127.0.0.1:{server.port}"
        store = open_store(url, limits=Limits(), ttl=60, name="REDIS_URL")
        cart = await store.add("a", "mug", 1, Money(1900, "EUR"))
        assert await store.put(cart) == cart
        assert [cart async for cart in store.scan()] == [cart]
        await store.close()
        report = await looked_at(url)
        assert found(report, "changes").level is Level.OK
        assert [f.says for f in report.findings if f.about == "rights"] == []

    async def test_what_it_may_not_ask_is_a_note(self, server: Valkey) -> None:
        with_user(server, "~*", "+@all", "-info", "-config", "-slowlog", "-memory")
        report = await looked_at(f"redis://shop:{SECRET}@127.0.0.1:{server.port}")
        note = found(report, "rights")
        assert note.level is Level.NOTE
        assert note.says == "Its user may not run INFO, CONFIG GET, SLOWLOG GET: the checks that need it were skipped."
        assert found(report, "changes").level is Level.OK


def with_user(server: Valkey, *rules: str) -> None:
    client: Any = server.client()
    client.execute_command("ACL", "SETUSER", "shop", "reset", "on", f">{SECRET}", *rules)


class TestWhatItIs:
    async def test_it_has_no_such_database(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        line = await said(f"{server.url}/4711", caplog)
        assert "has no database with this number. Its URL ends with the number; /0 always exists." in line

    async def test_it_is_a_replica(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        server.client().replicaof("127.0.0.1", "1")
        assert "is a read-only replica. Its URL must name the primary" in await said(server.url, caplog, reads=True)
        told = found(await looked_at(server.url), "replication")
        assert told.says == "It is a replica of 127.0.0.1:1 (link down) and accepts no changes."

    async def test_it_is_a_node_of_a_cluster(self, shared_cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
        key = "probe:{0}"  # what a store of one server is probed with
        other = next(node for node in shared_cluster.nodes if node is not shared_cluster.primary_of(key))
        assert "is a cluster node: write redis+cluster:// for it." in await said(other.url, caplog)
        assert "ends with /3" not in await said(f"{other.url}/3", caplog)

    async def test_it_is_a_node_of_a_cluster_that_happens_to_have_the_probe(self, shared_cluster: Cluster) -> None:
        report = await looked_at(shared_cluster.primary_of("probe:{0}").url)
        says = [f.says for f in report.findings if f.about == "cluster" and f.level is Level.PROBLEM]
        assert says == ["It is a cluster node, but its URL treats it as a single server."]

    async def test_it_is_no_cluster(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        line = await said(server.url.replace("redis://", "redis+cluster://"), caplog)
        assert "is a single server, not a cluster node: write redis:// for it." in line

    async def test_it_is_a_sentinel(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        sentinel = Sentinel(server, quorum=1, down_after=1000, failover_timeout=1000)
        sentinel.start()
        try:
            line = await said(f"redis://127.0.0.1:{sentinel.port}", caplog)
        finally:
            sentinel.stop()
        assert "does not know GET: it is a Sentinel (write redis+sentinel://host:26379/service)" in line

    async def test_a_well_cluster_is_told_with_its_nodes(self, cluster_url: str) -> None:
        report = await looked_at(cluster_url)
        assert found(report, "changes").level is Level.OK
        told = found(report, "cluster")
        assert told.says == "A cluster of 3 shards and 0 replicas, 16384 of 16384 slots served."
        assert (told.level, "Add a replica to each primary" in told.advice) == (Level.WARNING, True)
        assert len({f.part for f in report.findings if f.about == "memory"}) == 3


class TestSentinels:
    async def test_they_do_not_know_the_service(self, sentinel_url: str, caplog: pytest.LogCaptureFixture) -> None:
        line = await said(f"{sentinel_url}-of-another-shop", caplog)
        assert (
            'does not monitor the service "mymaster-of-another-shop" that the URL ends with; it monitors: mymaster.'
            in line
        )

    async def test_what_is_named_is_no_sentinel(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        line = await said(f"redis+sentinel://127.0.0.1:{server.port}/mymaster", caplog)
        assert f"127.0.0.1:{server.port} is not a Sentinel: write redis:// for it, or name the Sentinels." in line

    async def test_one_of_them_is_away(self, sentinel_url: str) -> None:
        away = f"127.0.0.1:{free_port()}"
        report = await looked_at(sentinel_url.replace("/mymaster", f",{away}/mymaster"))
        assert found(report, "changes").level is Level.OK
        assert "connection refused" in found(report, f"Sentinel {away}").says
        assert re.match(
            "3 Sentinels name .* as the primary of mymaster, with 1 replica", found(report, "Sentinels").says
        )

    async def test_there_are_too_few_to_promote_anybody(self, server: Valkey) -> None:
        lonely = Sentinel(server, quorum=2, down_after=1000, failover_timeout=1000)
        lonely.start()
        try:
            told = found(await looked_at(f"redis+sentinel://127.0.0.1:{lonely.port}/mymaster"), "Sentinels")
        finally:
            lonely.stop()
        assert (told.level, told.advice) == (Level.WARNING, "No replica can be promoted: start more Sentinels.")


class TestMemoryAndDisk:
    async def test_it_is_full(self, server: Valkey, caplog: pytest.LogCaptureFixture) -> None:
        server.client().config_set("maxmemory", "1mb")
        assert "is full and refuses changes (maxmemory). Give it more memory." in await said(
            server.url, caplog, reads=True
        )
        memory = found(await looked_at(server.url), "memory")
        assert (memory.level, memory.advice) == (Level.PROBLEM, "Raise maxmemory: a full server accepts no changes.")

    @pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
    async def test_its_policy_drops_live_carts(self, server: Valkey, policy: str) -> None:
        with server.client() as client:
            client.config_set("maxmemory", "100mb")
            client.config_set("maxmemory-policy", policy)
            memory = found(await looked_at(server.url), "memory")
            assert memory.level is Level.WARNING
            assert "Set maxmemory-policy noeviction" in memory.advice
            for n in range(8):
                client.set(f"cart:{n}", MEGABYTE, ex=100)
            client.config_set("maxmemory", "6mb")
            client.set("cart:last", "x", ex=100)
            assert client.info("stats")["evicted_keys"], "it really dropped a cart"
            assert found(await looked_at(server.url), "memory").level is Level.PROBLEM

    async def test_it_is_nearly_full(self, server: Valkey) -> None:
        with server.client() as client:
            for n in range(20):
                client.set(f"other:{n}", MEGABYTE)
        with server.client() as client:  # another one: the first has the last value still in its buffer
            client.config_set("maxmemory", int(client.info("memory")["used_memory"] / 0.87))
        memory = found(await looked_at(server.url), "memory")
        assert (memory.level, memory.advice) == (Level.WARNING, "Raise maxmemory before the server is full.")

    async def test_it_saves_nothing(self, server: Valkey) -> None:
        told = found(await looked_at(server.url), "persistence")
        assert told.level is Level.WARNING
        assert "It saves nothing" in told.says
        with server.client() as client:
            client.config_set("appendonly", "yes")
            well = found(await looked_at(server.url), "persistence")
            client.config_set("appendonly", "no")
        assert well.level is Level.OK


async def test_slow_commands_of_carts_are_shown_without_what_is_in_them(server: Valkey) -> None:
    store = open_store(server.url, limits=Limits(), ttl=60, name="REDIS_URL")
    with server.client() as client:
        client.config_set("slowlog-log-slower-than", "0")
        client.set("other", SECRET)
        client.set(f"{KEY_PREFIX}slow", SECRET, ex=60)
        client.config_set("slowlog-log-slower-than", "-1")
    await store.close()
    told = found(await looked_at(server.url), "slow commands")
    assert re.fullmatch(
        r"1 command on carts in SLOWLOG; the slowest was SET cart:slow, [\d.]+ ms, 0 minutes ago.", told.says
    )


class TestRequiredStore:
    """CART_REQUIRE_STORE: the shop opens with its store, or not at all."""

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_it_stays_closed(self, tmp_path: Path, workers: str) -> None:
        url = f"redis://:{SECRET}@127.0.0.1:1"
        shop = ShopProcess(tmp_path, REDIS_URL=url, WORKERS=workers, CART_REQUIRE_STORE="on")
        done = fork_server.run([*SHOP, "run"], env=shop.environ, timeout=OPEN_SECONDS)
        assert done.returncode == 2
        assert done.stderr == (
            "shop: CART_REQUIRE_STORE is on, so the shop does not start. Redis at 127.0.0.1:1 cannot be reached: "
            "connection refused. Start it, or correct its URL.\n"
        )
        assert "http://" not in done.stdout

    async def test_a_store_that_answers_and_takes_no_change_is_none(self, server: Valkey) -> None:
        with_user(server, "~probe:*", "+@all")
        settings = examined(f"redis://shop:{SECRET}@127.0.0.1:{server.port}")
        (told,) = [finding for finding in await startup_findings(settings) if finding.level is Level.PROBLEM]
        with pytest.raises(ConfigurationError, match="the shop does not start") as closed:
            await startup_findings(msgspec.structs.replace(settings, cart_require_store=True))
        assert told.says in str(closed.value)


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

    def doctor(self, *arguments: str, **settings: str) -> Result:
        environ = {"DATABASE_URL": "sqlite:///none.db", **settings}
        return CliRunner().invoke(cli, ["doctor", *arguments], env=environ)

    def test_it_tells_a_monitor(self, server: Valkey) -> None:
        with server.client() as client:
            client.config_set("requirepass", SECRET)
            done = self.doctor("--json", REDIS_URL=f"redis://:{SECRET}@127.0.0.1:{server.port}")
            client.config_set("requirepass", "")
        told = msgspec.json.decode(done.stdout)
        assert (done.exit_code, told["status"]) == (1, "warning")
        figures = {f["about"]: f.get("figures", {}) for f in told["findings"]}
        assert figures["memory"]["policy"] == "noeviction"
        assert 0 < figures["server"]["round_trip"] < OPEN_SECONDS
        assert SECRET not in done.output

    def test_it_tells_a_person_of_a_server_that_hangs(self, server: Valkey) -> None:
        server.hang()
        done = self.doctor(REDIS_URL=server.url)
        assert done.exit_code == 2
        assert "cannot be reached: it timed out." in done.stdout
        assert done.stdout.endswith("1 problem, 1 warning, 0 notes, 1 OK.\n")
        assert done.stderr == ""

    def test_a_setting_that_cannot_be_read_is_a_finding(self) -> None:
        done = self.doctor(CART_TTL="soon")
        assert done.exit_code == 2
        assert "CART_TTL is set to 'soon'" in done.stdout
