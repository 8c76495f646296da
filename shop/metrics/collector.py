"""Collects the metrics of all workers, in a thread of `shop run`: for METRICS_PORT, and an hour of them for a page."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import socket
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from prometheus_client import start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from shop.errors import ConfigurationError
from shop.metrics.history import KEPT, SAMPLE_SECONDS, Figures, figures_of
from shop.metrics.merging import Family, as_metrics, lasting, merged
from shop.metrics.worker import SUFFIX
from shop.settings import Settings, export

HISTORY = "history.json"
PREFIX = "shop-metrics-"
LOCK = "lock"
"""The file in a folder that is locked as long as its `shop run` lives."""
ANSWER_SECONDS = 2.0

log = logging.getLogger(__name__)


class Workers(Collector):
    """The metrics of all processes that have a socket in a folder, with the counters of those that have ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._latest: dict[Path, list[Family]] = {}
        self._ended: list[Family] = []
        self._history = deque[Figures](maxlen=KEPT)
        self._lock = threading.Lock()

    def families(self) -> list[Family]:
        """Ask every worker. One that does not answer in time counts as it last was."""
        with self._lock:
            present = {file: file for file in self._folder.glob(f"*{SUFFIX}")}
            for file in present:
                with suppress(OSError, msgspec.DecodeError):
                    self._latest[file] = _asked(file)
            for file in self._latest.keys() - present.keys():
                self._ended = merged([self._ended, lasting(self._latest.pop(file))])
            return merged([self._ended, *self._latest.values()])

    def sample(self) -> None:
        """Add the figures of now to the history, and write it for the workers."""
        families = self.families()
        self._history.append(figures_of(families, time.time(), len(self._latest)))
        new = self._folder / f"{HISTORY}.new"
        new.write_bytes(msgspec.json.encode(list(self._history)))
        new.replace(self._folder / HISTORY)

    @override
    def collect(self) -> Iterable[Metric]:
        return as_metrics(self.families())


def _asked(file: Path) -> list[Family]:
    """The metrics of one process. Raises OSError; removes the socket of a process that was killed."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(file))
        except ConnectionRefusedError:
            file.unlink(missing_ok=True)
            raise
        parts = iter(lambda: connection.recv(65536), b"")
        return msgspec.json.decode(b"".join(parts), type=list[Family])


def read_history(folder: str) -> list[Figures]:
    """The figures of the last hour, oldest first; [] if nobody collects them."""
    try:
        return msgspec.json.decode((Path(folder) / HISTORY).read_bytes(), type=list[Figures])
    except (OSError, msgspec.DecodeError):
        return []


@contextmanager
def collecting(settings: Settings) -> Iterator[None]:
    """Collect the metrics of the processes that are started within. Raises ConfigurationError for a port in use."""
    with _own_folder() as folder:
        export("metrics_sockets", str(folder))
        workers = Workers(folder)
        if settings.metrics_port:
            _serve(settings, workers)
        ending = threading.Event()
        thread = threading.Thread(target=_sample_regularly, args=(workers, ending), name="metrics", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()


@contextmanager
def _own_folder() -> Iterator[Path]:
    """A folder for the sockets, which is removed afterwards; by the next shop if this one is killed."""
    _remove_left_folders()
    with (
        tempfile.TemporaryDirectory(prefix=PREFIX) as name,
        tempfile.NamedTemporaryFile(dir=name, delete=False) as file,
    ):
        fcntl.flock(file, fcntl.LOCK_EX)
        Path(file.name).rename(Path(name) / LOCK)  # only now: nobody finds it unlocked while this process lives
        yield Path(name)


def _remove_left_folders() -> None:
    """Remove the folders of shops that were killed. Their locks are free."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), (folder / LOCK).open("rb") as file:
            if folder.lstat().st_uid == os.getuid():
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)


def _serve(settings: Settings, workers: Workers) -> None:
    try:
        start_http_server(settings.metrics_port, settings.host, registry=workers)
    except OSError as error:
        where = f"{settings.host}:{settings.metrics_port}"
        raise ConfigurationError(f"METRICS_PORT: cannot listen on {where} ({error.strerror}).") from error


def _sample_regularly(workers: Workers, ending: threading.Event) -> None:
    while not ending.wait(SAMPLE_SECONDS):
        try:
            workers.sample()
        except Exception:
            log.exception("The metrics could not be collected, will retry.")
