"""Servers with a running shop, or with several. Faults that leave a stage whole share it, one after the other."""

from __future__ import annotations

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

import msgspec

from shop.cart.model import Cart
from tests.chaos.load import PRODUCTS, Door
from tests.fixtures.cart_services import past_the_shop
from tests.fixtures.shop_process import ShopProcess

S = TypeVar("S", bound="Stage")
SECRET = "one for all"
"""The SECRET_KEY of every shop."""


class Crew(msgspec.Struct, frozen=True):
    """Who serves: a number of shops, each with a number of processes."""

    name: str
    workers: int = 1
    shops: int = 1

    @property
    def several(self) -> bool:
        """Whether more than one process serves."""
        return self.workers * self.shops > 1


ONE = Crew("")
TWO = Crew("2 workers", workers=2)
FOUR = Crew("4 workers", workers=4)
SHOPS = Crew("two shops", shops=2)
CREWS = (ONE, TWO, FOUR, SHOPS)


class Stage(ABC):
    """Servers and the shops on them. `open` and `close` block: they start and end processes."""

    settings: ClassVar[dict[str, str]] = {}
    """The shops', besides their URLs."""

    def __init__(self, crew: Crew = ONE) -> None:
        self.crew = crew
        self.folder = Path(tempfile.mkdtemp(prefix="shop-chaos-"))
        self.shops: list[ShopProcess] = []

    @classmethod
    def missing(cls) -> str:
        """Why it cannot be opened on this machine; '' if it can."""
        return ""

    @property
    def shop(self) -> ShopProcess:
        """The first shop."""
        return self.shops[0]

    @property
    def doors(self) -> list[Door]:
        """Host and port of every shop."""
        return [("127.0.0.1", shop.port) for shop in self.shops]

    @property
    @abstractmethod
    def url(self) -> str:
        """The shops' REDIS_URL."""

    @property
    def database_url(self) -> str:
        """The shops' DATABASE_URL."""
        return f"sqlite+aiosqlite:///{self.folder / 'shop.db'}"

    @property
    def store_urls(self) -> tuple[str, ...]:
        """The stores that must have every cart in the end, read past the shop."""
        return (self.url,)

    @abstractmethod
    def open_servers(self) -> None:
        """Start what the shop needs."""

    @abstractmethod
    def close_servers(self) -> None:
        """End it, whatever state it is in."""

    def open(self) -> None:
        """Start the servers and the shops."""
        self.open_servers()
        for number in range(self.crew.shops):
            self.shops.append(self.a_shop(self.folder / f"shop{number}"))
        self.stock()
        for shop in self.shops:
            shop.start()

    def a_shop(self, folder: Path) -> ShopProcess:
        """A shop that has not started."""
        return ShopProcess(folder, **self._environ())

    def _environ(self) -> dict[str, str]:
        """What every shop is told."""
        workers = {"WORKERS": str(self.crew.workers)} if self.crew.workers > 1 else {}
        urls = {"REDIS_URL": self.url, "DATABASE_URL": self.database_url}
        return {**urls, "CART_MAX_QUANTITY": "5000", "SECRET_KEY": SECRET, **workers, **self.settings}

    def stock(self) -> None:
        """Fill the shops' database before they open."""
        self.shop.sells(PRODUCTS)

    def close(self) -> None:
        """End the shops and the servers, and remove what they saved."""
        try:
            for shop in self.shops:
                if hasattr(shop, "process") and shop.process.poll() is None:
                    shop.stop()
        finally:
            self.close_servers()
            shutil.rmtree(self.folder, ignore_errors=True)

    def said(self) -> str:
        """What the shops have written to their logs."""
        return "".join(shop.log.read_text() for shop in self.shops if shop.log.exists())

    async def read(self, url: str, cart_ids: Sequence[str]) -> list[Cart]:
        """The carts as a store has them, read past the shops."""
        async with past_the_shop(url) as store:
            return await store.get_many(cart_ids)


class Stages:
    """The one stage that is open: rows that stand together share it."""

    def __init__(self) -> None:
        self._open: Stage | None = None

    def on(self, kind: type[S], crew: Crew = ONE) -> S:
        """The open stage of this kind, or one that is opened now, in place of another."""
        if type(self._open) is not kind or self._open.crew != crew:
            self.close()
            self._open = kind(crew)
            self._open.open()
        assert isinstance(self._open, kind)
        return self._open

    def close(self) -> None:
        """Close it, as after a scene that may have left it broken."""
        if self._open is not None:
            stage, self._open = self._open, None
            stage.close()
