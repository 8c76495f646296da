"""Puts the simulated clock and chance in the place of Python's own, in the modules of the cart services.

Outside of a simulation these answer like Python's own.
"""

from __future__ import annotations

import contextlib
import random
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from tests.simulation.loop import VirtualLoop

PACKAGES = ("shop.cart", "shop.retry", "shop.deadlines")


class Nature:
    """What a simulation answers instead of Python. Made by World."""

    def __init__(self, wall: Callable[[], float], loop: VirtualLoop, chance: random.Random) -> None:
        self.wall = wall
        self.loop = loop
        self.chance = chance


_current: list[Nature] = []


@contextlib.contextmanager
def ruled_by(nature: Nature) -> Iterator[None]:
    """Let this nature answer."""
    _current.append(nature)
    try:
        yield
    finally:
        _current.pop()


def _wall() -> float:
    return _current[-1].wall() if _current else time.time()


def _monotonic() -> float:
    return _current[-1].loop.now if _current else time.monotonic()


def _token_bytes(size: int = 32) -> bytes:
    return _current[-1].chance.randbytes(size) if _current else secrets.token_bytes(size)


class _Shim(ModuleType):
    """A module of which some functions are replaced."""

    def __init__(self, module: ModuleType, **functions: Callable[..., Any]) -> None:
        super().__init__(module.__name__)
        self._module = module
        for name, function in functions.items():
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


class _Chance(ModuleType):
    """The module `random` with the generator of the simulation."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_current[-1].chance if _current else random, name)


_REPLACED: dict[int, tuple[object, object]] = {
    id(old): (old, new)
    for old, new in (
        (time, _Shim(time, time=_wall, monotonic=_monotonic, perf_counter=_monotonic)),
        (secrets, _Shim(secrets, token_bytes=_token_bytes, token_hex=lambda size=32: _token_bytes(size).hex())),
        (random, _Chance("random")),
        (time.time, _wall),
        (time.monotonic, _monotonic),
        (time.perf_counter, _monotonic),
        (secrets.token_bytes, _token_bytes),
    )
}


@contextlib.contextmanager
def installed(*others: tuple[object, object]) -> Iterator[None]:
    """Replace them in every module of PACKAGES, also as the defaults of arguments; `others` are (old, new) pairs."""
    replaced = _REPLACED | {id(old): (old, new) for old, new in others}
    undo: list[Callable[[], None]] = []
    for name, module in list(sys.modules.items()):
        if name.startswith(PACKAGES):
            _replace_in(module, replaced, undo)
    try:
        yield
    finally:
        for restore in reversed(undo):
            restore()


def _replace_in(module: ModuleType, replaced: dict[int, tuple[object, object]], undo: list[Callable[[], None]]) -> None:
    for name, value in list(vars(module).items()):
        if id(value) in replaced:
            undo.append(lambda name=name, value=value: setattr(module, name, value))  # type: ignore[misc]
            setattr(module, name, replaced[id(value)][1])
        elif getattr(value, "__module__", "") == module.__name__:
            for function in _functions(value):
                _replace_defaults(function, replaced, undo)


def _functions(value: Any) -> Iterator[FunctionType]:
    """A function, or the methods of a class."""
    for member in (value, *(vars(value).values() if isinstance(value, type) else ())):
        function = getattr(member, "__func__", member)
        if isinstance(function, FunctionType):
            yield function


def _replace_defaults(
    function: FunctionType, replaced: dict[int, tuple[object, object]], undo: list[Callable[[], None]]
) -> None:
    before = (function.__defaults__, function.__kwdefaults__)
    if not any(id(default) in replaced for default in (*(before[0] or ()), *(before[1] or {}).values())):
        return

    def restore() -> None:
        function.__defaults__, function.__kwdefaults__ = before

    undo.append(restore)
    if before[0]:
        function.__defaults__ = tuple(replaced.get(id(value), (0, value))[1] for value in before[0])
    if before[1]:
        function.__kwdefaults__ = {key: replaced.get(id(value), (0, value))[1] for key, value in before[1].items()}
