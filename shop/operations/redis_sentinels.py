"""Checks the Sentinels: whether they agree on the primary, and whether they have a quorum to promote a replica."""

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
    """The service, as one Sentinel sees it."""

    primary: str
    replicas: int
    quorum: str
    """'' if there is a quorum; else what is missing."""


async def check_sentinels(part: str, service: str, sentinels: Mapping[str, Send]) -> list[Finding]:
    """Query all Sentinels at once. One that is down is a finding; if all are down, the store's check reports it."""
    results = await asyncio.gather(*(_view(send, service) for send in sentinels.values()), return_exceptions=True)
    replies = dict(zip(sentinels, results, strict=True))
    views = {address: view for address, view in replies.items() if isinstance(view, View)}
    return [*_down(part, replies), *_agreement(part, service, views)] if views else []


def _down(part: str, replies: Mapping[str, object]) -> list[Finding]:
    advice = "Start it, or remove it from the URL: promoting a replica needs a majority of the Sentinels."
    return [
        warning(part, f"Sentinel {address}", str(error), advice)
        for address, error in replies.items()
        if isinstance(error, (StoreUnavailable, ResponseError))
    ]


def _agreement(part: str, service: str, views: Mapping[str, View]) -> list[Finding]:
    primaries = sorted({view.primary for view in views.values()})
    missing = next((view.quorum for view in views.values() if view.quorum), "")
    replicas = max(view.replicas for view in views.values())
    names = f"{' or '.join(primaries)} as the primary of {service}, with {counted(replicas, 'replica')}"
    says = f"{counted(len(views), 'Sentinel')} {'name' if len(views) > 1 else 'names'} {names}."
    if len(primaries) > 1:
        return [warning(part, "Sentinels", says, "They disagree; this should resolve itself within a second or two.")]
    if missing:
        return [warning(part, "Sentinels", f"{says} {missing}.", "No replica can be promoted: start more Sentinels.")]
    if not replicas:
        return [warning(part, "Sentinels", says, "No replica can be promoted: add a replica.")]
    return [ok(part, "Sentinels", says, sentinels=len(views), replicas=replicas)]


async def _view(send: Send, service: str) -> View:
    fields: list[Any] = await send("SENTINEL", "MASTER", service)
    master = {name.decode(): value.decode() for name, value in zip(fields[::2], fields[1::2], strict=True)}
    try:
        await send("SENTINEL", "CKQUORUM", service)
        quorum = ""
    except ResponseError as error:
        quorum = str(error).removeprefix("NOQUORUM ").rstrip(".")
    return View(f"{master['ip']}:{master['port']}", int(master["num-slaves"]), quorum)
