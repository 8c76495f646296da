"""A forked process is what `python -m` would be, and none survives the tests that started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.fixtures import fork_server

SAYS = """
import json, os, sys
said = {"argv": sys.argv[1:], "folder": os.getcwd(), "environ": dict(os.environ), "pid": os.getpid()}
print(json.dumps({**said, "input": sys.stdin.read(), "name": __name__, "main": sys.modules["__main__"].__spec__.name}))
print("error", file=sys.stderr)
sys.exit(3)
"""
Module = Callable[[str], list[str]]


@pytest.fixture
def module(tmp_path: Path) -> Module:
    """The command of a module with this source."""

    def write(source: str) -> list[str]:
        (tmp_path / "told.py").write_text(source)
        return [sys.executable, "-m", "told"]

    return write


def test_it_is_given_what_a_process_is_given_and_answers_likewise(module: Module, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "COLOUR": "Moss"}
    done = fork_server.run([*module(SAYS), "a", "b"], env=environ, cwd=tmp_path, given="Clay")
    said = json.loads(done.stdout)
    assert said.pop("pid") not in (os.getpid(), os.getppid())
    assert said == {
        "argv": ["a", "b"],
        "folder": str(tmp_path),
        "environ": environ,
        "input": "Clay",
        "name": "__main__",
        "main": "told",
    }
    assert (done.returncode, done.stderr) == (3, "error\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_it_ends_by_a_signal(module: Module, tmp_path: Path, number: signal.Signals) -> None:
    with (tmp_path / "log").open("w") as log:
        command = module("import signal; signal.pause()")
        process = fork_server.start(command, env=os.environ, cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT)
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        process.send_signal(number)
        assert process.wait(20) == process.poll() == -number
    assert not psutil.pid_exists(process.pid), "nobody has to wait for it"
    process.kill()  # does nothing: the number may be somebody else's by now


def test_what_was_forked_ends_with_whoever_asked_for_it(module: Module, tmp_path: Path) -> None:
    server = fork_server.ForkServer()
    with (tmp_path / "log").open("w") as log:
        command = module("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()")
        process = server.start(command, os.environ, tmp_path, [log.fileno()] * 3)
    assert psutil.pid_exists(process.pid)
    server.close()
    assert not psutil.pid_exists(process.pid)
    assert process.wait(1) == fork_server.UNKNOWN


def test_only_what_may_be_forked_is() -> None:
    def may_be(*command: str, **environ: str) -> bool:
        return fork_server.can_start(command, {**os.environ, **environ})

    assert may_be(sys.executable, "-m", "shop.cli", "run", REDIS_URL="redis://127.0.0.1")
    assert not may_be("bin/shop", "run")
    assert not may_be(sys.executable, "-m", "shop.cli", "run", "--reload")
    assert not may_be(sys.executable, "-m", "shop.cli", "run", PYTHONPATH="elsewhere")


FORGETS = """
import os, socket
from tests.fixtures.forked_workers import forget_files
with socket.create_server(("127.0.0.1", 0)) as kept, socket.create_server(("127.0.0.1", 0)) as other:
    forget_files({kept.fileno()})
    nothing = os.stat(os.devnull)
    print([os.path.samestat(os.fstat(number), nothing) for number in (1, kept.fileno(), other.fileno())])
"""


def test_a_forked_worker_has_no_file_of_the_process_that_forks_it(module: Module, tmp_path: Path) -> None:
    done = fork_server.run(module(FORGETS), env=os.environ, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("[False, False, True]\n", "")
