"""Hosts in network namespaces: what is sent over a cut is lost, and nothing of them remains."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.fixtures.hosts import Hosts, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
ECHO = "import socket; s = socket.create_server(('0.0.0.0', 5000)); print('open', flush=True)\nwhile True: s.accept()"


def interfaces() -> str:
    everything = (subprocess.run(["ip", *what], capture_output=True, text=True) for what in (["link"], ["netns"]))
    return "".join(done.stdout for done in everything)


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    hosts = Hosts(("one", "two"), here=("three",))
    hosts.start()
    yield hosts
    hosts.stop()
    assert hosts.namespace("one").partition("-")[0] not in interfaces()


def reaches(hosts: Hosts, host: str, other: str) -> bool:
    connects = f"import socket; socket.create_connection(('{hosts.address(other)}', 5000), 0.5)"
    return subprocess.run([*hosts.command(host), sys.executable, "-c", connects], capture_output=True).returncode == 0


def test_a_cut_is_silent_and_heals(hosts: Hosts) -> None:
    server = subprocess.Popen([*hosts.command("one"), sys.executable, "-c", ECHO], stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"open\n"
    with socket.create_server((hosts.address("three"), 5000)):
        assert reaches(hosts, "two", "one")
        assert reaches(hosts, "two", "three")
        hosts.cut("two", "one", "three")
        assert not reaches(hosts, "two", "one")
        assert not reaches(hosts, "two", "three")
        socket.create_connection((hosts.address("one"), 5000), 2).close()
        hosts.heal()
        assert reaches(hosts, "two", "one")
        assert reaches(hosts, "two", "three")
    server.kill()
    server.communicate()


def test_nothing_remains_of_hosts_whose_maker_was_killed() -> None:
    makes = (
        "import subprocess, time; from tests.fixtures.hosts import Hosts; hosts = Hosts(('one',)); hosts.start();"
        "subprocess.Popen([*hosts.command('one'), 'sleep', '300']); print(hosts.namespace('one'), flush=True);"
        "time.sleep(300)"
    )
    maker = subprocess.Popen([sys.executable, "-c", makes], stdout=subprocess.PIPE, text=True)
    assert maker.stdout is not None
    namespace = maker.stdout.readline().strip()
    assert namespace in interfaces()
    maker.kill()
    maker.communicate()
    deadline = time.monotonic() + 20
    while namespace.partition("-")[0] in interfaces() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert namespace.partition("-")[0] not in interfaces()
