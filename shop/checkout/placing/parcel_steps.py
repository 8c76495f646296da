"""The steps of an order's parcels: goods leave the shop, whole or in parts, and come back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.checkout.mail.order_emails import MOST_PARCELS
from shop.checkout.model import Order, OrderEvent, Parcel, check_step
from shop.checkout.placing import goods, parcels, refunds, updates
from shop.checkout.placing.capture_steps import CaptureSteps
from shop.errors import InvalidInput, OrderStateRefused

RETURNABLE = ("paid", "shipped", "refunded")
"""The states of orders whose goods may come back."""


class ParcelSteps(CaptureSteps):
    """See OrderSteps."""

    async def ship(self, order: Order, who: str = "", why: str = "", parcel: Parcel | None = None) -> Order | None:
        """Send a parcel of a paid order: all that waits, or what `parcel` says. With the last one it is shipped.

        Its units leave the shop, and the shopper is written to.
        A payment that waits for that is captured first. Raises OrderStateRefused, and InvalidInput for what
        does not wait.
        """
        paid = await self.take_payment(order, who=who)
        return await self._send(paid, parcel or Parcel(), who=who, why=why) if paid else None

    async def _send(self, order: Order, whole: Parcel, *, who: str, why: str) -> Order | None:
        async def work(connection: AsyncConnection) -> Order | None:
            found = await refunds.locked_order(connection, order.number)
            check_step(found.number, found.state, "shipped")
            waiting = (await goods.goods_of(connection, found)).waiting
            if not waiting:
                raise InvalidInput(f"Nothing of order {order.number} waits to be sent.")
            skus = whole.skus or waiting
            goods.check_units(skus, waiting, "waiting to be sent")
            sent = msgspec.structs.replace(whole, skus=skus, at=int(self.clock()))
            return await self._sent(connection, found, sent, is_last=skus == waiting, who=who, why=why)

        return await self._transactions.run(work)

    async def _sent(
        self, connection: AsyncConnection, order: Order, parcel: Parcel, *, is_last: bool, who: str, why: str
    ) -> Order | None:
        """Store a parcel of a locked order, with its units, history and e-mail."""
        earlier = [each for each in await parcels.parcels_of(connection, order.number) if not each.returned]
        if len(earlier) >= MOST_PARCELS and not is_last:
            raise InvalidInput(f"This order has had {MOST_PARCELS} parcels. Send the rest of it at once.")
        parcel = await parcels.add(connection, order.number, parcel)
        is_part = bool(earlier) or not is_last
        why = ": ".join(filter(None, (contents(parcel) if is_part else parcel.carriage, why)))
        if is_last:
            return await self._shipped(connection, order, parcel, is_part=is_part, who=who, why=why)
        await goods.send(connection, order.number, parcel.skus)
        await updates.note(connection, order.number, "part shipped", at=parcel.at, who=who, why=why)
        await self._emails.write_parcel(connection, order, parcel, is_part=True, is_last=False)
        return order

    async def _shipped(
        self, connection: AsyncConnection, order: Order, parcel: Parcel, *, is_part: bool, who: str, why: str
    ) -> Order | None:
        """With its last parcel, a locked order is shipped."""
        after = await updates.step(
            connection,
            order,
            "shipped",
            claimant=secrets.token_hex(8),
            until=self.until(),
            now=parcel.at,
            settled=None,
            who=who,
            why=why,
        )
        if after is not None:
            event = OrderEvent(at=parcel.at, what="shipped", who=who, why=why)
            await goods.move(connection, order, "shipped", restock=False, event=event)
            await self._emails.write_parcel(connection, after, parcel, is_part=is_part, is_last=True)
        return after

    async def take_back(
        self, order: Order, skus: Mapping[str, int], *, restock: bool, who: str, why: str
    ) -> Mapping[str, int]:
        """Goods have come back: these, or all that are with the shopper. No money moves. Returns what came back.

        `restock`: they go on sale again. Raises OrderStateRefused, and InvalidInput for more than there is.
        """

        async def work(connection: AsyncConnection) -> Mapping[str, int]:
            found = await refunds.locked_order(connection, order.number)
            out = (await goods.goods_of(connection, found)).out
            if found.state not in RETURNABLE:
                raise OrderStateRefused(found.number, found.state, "returned")
            if not out:
                raise InvalidInput(f"Nothing of order {order.number} is with the shopper.")
            back = skus or out
            goods.check_units(back, out, "with the shopper")
            told = Parcel(skus=back)
            event = OrderEvent(
                at=int(self.clock()), what="returned", who=who, why=": ".join(filter(None, (contents(told), why)))
            )
            await goods.take_back(connection, found, back, restock=restock, event=event)
            await updates.note(connection, order.number, event.what, at=event.at, who=who, why=event.why)
            return back

        back = await self._transactions.run(work)
        if restock:
            self._touched(back)
        return back


def contents(parcel: Parcel) -> str:
    """'1 × MUG, DHL 0034', for the history."""
    units = ", ".join(f"{count} × {sku}" for sku, count in parcel.skus.items())
    return ", ".join(filter(None, (units, parcel.carriage)))
