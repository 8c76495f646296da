"""Every error the shop raises on purpose.

    ShopError
    ├── NotFound                      there is no such page, product or cart line        404
    ├── InvalidInput                  what was sent cannot be understood or accepted     422
    │   ├── CartLimitExceeded
    │   │   ├── QuantityLimitExceeded   more pieces of one line than a cart takes
    │   │   └── LineLimitExceeded       more lines than a cart takes
    │   ├── NotEnoughStock            more pieces than there are
    │   ├── OutOfStock                an order that stock does not cover; nothing was taken
    │   ├── CartOrdered               a cart that another order has taken from since it was read
    │   ├── QuoteChanged              a price is another than the shopper agreed to; nothing was taken
    │   ├── CouponRefused             a code that is unknown, over, used up or not for this cart
    │   ├── InvalidFields             fields of a form that cannot be accepted, all of them at once
    │   ├── PaymentDeclined           the bank said no; nothing was charged
    │   └── ImportRefused             a catalogue file with bad rows; nothing was imported
    ├── OrderStateRefused             an order that cannot become what was asked for       409
    ├── PaymentRefused                a step of a payment that cannot be made any more     409
    ├── EmailRefused                  an e-mail that the mail server will never take
    ├── CrossOriginRefused            another site's page asked for a change              403
    ├── StoreUnavailable              a store cannot take this now; try again            503
    │   ├── StoreBusy                   every connection was in use for too long
    │   ├── PaymentUnavailable          whether the payment was made is not known yet
    │   ├── EmailUnavailable            the mail server cannot take an e-mail now
    │   └── StoreRefused                the store does not let us in: mend the settings
    └── ConfigurationError            the settings are wrong; says which and what to do

Catch by level: the web layer answers a ShopError with its `status` and its words; a service that
holds a standby catches StoreUnavailable. The message of each is a sentence for a person: `str(error)` in English, for
operators, and `error.message` in the shopper's language, found out when it is shown. One error may be shown to several.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from shop.i18n import ENGLISH, gettext, noted, spoken


class ShopError(Exception):
    """Base of all errors raised on purpose. `message` is a sentence for a person, in which the values are filled in."""

    status: ClassVar[int] = 500
    in_general: ClassVar[str] = ""
    """What shoppers are told where there is no message, or none in their language: where it is rather for operators."""

    def __init__(self, message: str = "", **values: object) -> None:
        super().__init__(message)
        self._message = message
        self._values = values

    def __str__(self) -> str:
        return self._message.format_map(self._values) if self._values else self._message

    @property
    def message(self) -> str:
        """The sentence in the language that is spoken where it is shown."""
        untold = not self._message or (spoken() is not ENGLISH and gettext(self._message) == self._message)
        return gettext(self.in_general) if self.in_general and untold else gettext(self._message, **self._values)


class NotFound(ShopError):
    """There is no such page, product or cart line."""

    status = 404


class InvalidInput(ShopError):
    """What was sent cannot be understood or accepted; `field` names the form field at fault."""

    status = 422

    def __init__(self, message: str, *, field: str | None = None, **values: object) -> None:
        super().__init__(message, **values)
        self.field = field


class CartLimitExceeded(InvalidInput):
    """A change would make the cart larger than its limits allow; the cart stays as it was."""

    def __init__(self, message: str, *, limit: int, field: str | None = None) -> None:
        super().__init__(message, field=field, limit=limit)
        self.limit = limit


class QuantityLimitExceeded(CartLimitExceeded):
    """More than `limit` pieces of one line."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            noted("A cart takes at most {limit} of one item. Your cart is unchanged."),
            limit=limit,
            field="quantity",
        )


class LineLimitExceeded(CartLimitExceeded):
    """More than `limit` different lines."""

    def __init__(self, limit: int) -> None:
        super().__init__(noted("A cart takes at most {limit} different items. Remove one to add another."), limit=limit)


class NotEnoughStock(InvalidInput):
    """More pieces were asked for than there are; `available` says how many there are."""

    def __init__(self, title: str, available: int) -> None:
        words = noted("Only {available} of {title} left.") if available else noted("{title} is sold out.")
        super().__init__(words, field="quantity", available=available, title=title)
        self.available = available


class InvalidFields(InvalidInput):
    """Fields of a form that cannot be accepted; `problems` says what is wrong with each, in the shopper's words."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()), field=next(iter(problems)))
        self.problems = problems


class OutOfStock(InvalidInput):
    """Stock does not cover an order; nothing was taken. `available`: how many there are of each sku that is short."""

    def __init__(self, available: Mapping[str, int]) -> None:
        super().__init__(
            noted("Some of your items are no longer there in this number. Nothing was ordered or charged.")
        )
        self.available = available


class CartOrdered(InvalidInput):
    """A cart was read before another order took its lines out of it; nothing was taken. `number` names that order."""

    def __init__(self, number: str) -> None:
        super().__init__(noted("Part of your cart has just been ordered. Nothing was ordered twice."))
        self.number = number


class QuoteChanged(InvalidInput):
    """Prices are otherwise than the shopper agreed to; nothing was ordered or charged.

    `prices`: what each sku whose price changed costs now, (minor units, currency); a cached catalogue may not know yet.
    """

    def __init__(self, prices: Mapping[str, tuple[int, str]]) -> None:
        super().__init__(noted("Prices have changed since you saw them. Nothing was ordered or charged."))
        self.prices = prices


class CouponRefused(InvalidInput):
    """A coupon's code is unknown, over, used up or not for this cart; the words say which."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message, field="coupon", **values)


class PaymentDeclined(InvalidInput):
    """The bank declined; nothing was charged."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="credit_card_number")


class RowError(str):
    """One reason why a row of an import file was refused, such as 'line 12: price is not a number'."""

    __slots__ = ()


class ImportRefused(InvalidInput):
    """A catalogue file has rows that cannot be imported; `rows` says which and why. Nothing was imported."""

    def __init__(self, message: str, rows: tuple[RowError, ...] = ()) -> None:
        super().__init__(message)
        self.rows = rows


class OrderStateRefused(ShopError):
    """An order cannot become what was asked for from what it is; it stays as it was."""

    status = 409
    in_general = noted("This can no longer be changed. Nothing was done.")

    def __init__(self, number: str, state: str, wanted: str) -> None:
        super().__init__(
            "Order {number} is {state}; it cannot become {wanted}.", number=number, state=state, wanted=wanted
        )
        self.state = state


class PaymentRefused(ShopError):
    """A step of a payment that cannot be made any more, such as voiding what is captured; nothing was done."""

    status = 409
    in_general = OrderStateRefused.in_general


class EmailRefused(ShopError):
    """The mail server will never take this e-mail, such as for a recipient it does not know; it says why."""


class CrossOriginRefused(ShopError):
    """Another site's page asked for a change in a shopper's name; nothing was changed."""

    status = 403


class StoreUnavailable(ShopError):
    """A store cannot take this now: unreachable, too slow, loading, read-only, or full. Trying again may help."""

    status = 503
    in_general = noted("The shop cannot do this just now. Nothing is lost. Please try again in a moment.")


class StoreBusy(StoreUnavailable):
    """Every connection was in use for too long. The store itself may be well."""


class PaymentUnavailable(StoreUnavailable):
    """The payment provider does not answer: whether it did what was asked is not known. Asking again is safe."""


class EmailUnavailable(StoreUnavailable):
    """The mail server cannot take an e-mail now, or cannot be reached. Sending it later may help."""


class StoreRefused(StoreUnavailable):
    """The store does not let us in. Waiting does not help: the settings must be mended."""


class ConfigurationError(ShopError):
    """A setting is wrong; the message says which one, what is wrong with it and what to do."""


def unforeseen(error: Exception) -> Exception | None:
    """The error as a log's `exc_info`, where nobody raised it on purpose: its message alone would not tell enough."""
    return None if isinstance(error, ShopError) else error
