"""What each Sentinel says of the service: whether they agree, and whether they are enough to promote a replica."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from redis.exceptions import ResponseError

from shop.cart.redis.servers import Send
from shop.errors import StoreUnavailable
from shop.operations.findings import Finding, counted, ok, warning


class View(msgspec.Struct, frozen=True):
    """The service as one Sentinel sees it."""

    primary: str
    replicas: int
    quorum: str
    """'' where enough Sentinels see each other; else what is missing."""


async def look_at_sentinels(part: str, service: str, sentinels: Mapping[str, Send]) -> list[Finding]:
    """Ask all of them at once. One that does not answer is a finding; that none does, the store says itself."""
    asked = await asyncio.gather(*(_view(send, service) for send in sentinels.values()), return_exceptions=True)
    replies = dict(zip(sentinels, asked, strict=True))
    views = {address: view for address, view in replies.items() if isinstance(view, View)}
    return [*_silent(part, replies), *_agreed(part, service, views)] if views else []


def _silent(part: str, replies: Mapping[str, object]) -> list[Finding]:
    advice = "Start it, or take it out of the URL: a majority of the Sentinels is needed to promote a replica."
    return [
        warning(part, f"Sentinel {address}", str(error), advice)
        for address, error in replies.items()
        if isinstance(error, (StoreUnavailable, ResponseError))
    ]


def _agreed(part: str, service: str, views: Mapping[str, View]) -> list[Finding]:
    primaries = sorted({view.primary for view in views.values()})
    missing = next((view.quorum for view in views.values() if view.quorum), "")
    replicas = max(view.replicas for view in views.values())
    names = f"{' or '.join(primaries)} as the primary of {service}, with {counted(replicas, 'replica')}"
    says = f"{counted(len(views), 'Sentinel')} {'name' if len(views) > 1 else 'names'} {names}."
    if len(primaries) > 1:
        return [warning(part, "Sentinels", says, "They do not agree; they should within a second or two.")]
    if missing:
        return [warning(part, "Sentinels", f"{says} {missing}.", "No replica would be promoted: start more Sentinels.")]
    if not replicas:
        return [warning(part, "Sentinels", says, "There is nothing to promote: give it a replica.")]
    return [ok(part, "Sentinels", says, sentinels=len(views), replicas=replicas)]


async def _view(send: Send, service: str) -> View:
    words: list[Any] = await send("SENTINEL", "MASTER", service)
    told = {name.decode(): value.decode() for name, value in zip(words[::2], words[1::2], strict=True)}
    try:
        await send("SENTINEL", "CKQUORUM", service)
        quorum = ""
    except ResponseError as error:
        quorum = str(error).removeprefix("NOQUORUM ").rstrip(".")
    return View(f"{told['ip']}:{told['port']}", int(told["num-slaves"]), quorum)
