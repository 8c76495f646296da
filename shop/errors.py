"""Every error the shop raises on purpose.

    ShopError
    ├── NotFound                      no such page, product or cart line                 404
    ├── InvalidInput                  the input cannot be understood or accepted         422
    │   ├── CartLimitExceeded
    │   │   ├── QuantityLimitExceeded   the quantity of one line exceeds the limit
    │   │   └── LineLimitExceeded       the number of lines exceeds the limit
    │   ├── NotEnoughStock            the quantity exceeds the stock
    │   ├── OutOfStock                stock does not cover an order; nothing was ordered
    │   ├── CartOrdered               another order took items from the cart since it was read
    │   ├── QuoteChanged              prices differ from those the shopper agreed to; nothing was ordered
    │   ├── CouponRefused             the code is unknown, expired, used up or not valid for this cart
    │   ├── InvalidFields             form fields are invalid; lists all of them at once
    │   ├── IdempotencyKeyReused      the key belongs to another order; nothing was ordered
    │   ├── PaymentDeclined           the bank declined; nothing was charged
    │   └── ImportRefused             the catalogue file has bad rows; nothing was imported
    ├── OrderStateRefused             the order cannot change to the requested state     409
    ├── PaymentRefused                the payment can no longer take this step           409
    ├── EmailRefused                  the mail server will never accept this e-mail
    ├── CrossOriginRefused            another site's page requested a change             403
    ├── TooManyRequests               the client does this too often; wait               429
    ├── StoreUnavailable              a store is temporarily unavailable; retry          503
    │   ├── DatabaseUnavailable         the database; `str(error)` says what it answered
    │   ├── StoreBusy                   no free connection within the timeout
    │   ├── StoreTimeout                no answer in time: whether the call had an effect is not known
    │   ├── StoreReadOnly               the store answers reads, but takes no change
    │   ├── PaymentUnavailable          it is not known yet whether the payment was made
    │   ├── EmailUnavailable            the mail server cannot accept an e-mail now
    │   └── StoreRefused                the store denies access: correct the settings
    ├── PdfUnavailable                no PDF can be made: print the page                 503
    └── ConfigurationError            a setting is wrong; the message says which and how to fix it

Catch by level: the web layer answers a ShopError with its `status` and its message; a service with a standby catches
StoreUnavailable. Each message is a sentence for people: `str(error)` in English, for operators, and `error.message` in
the shopper's language, translated when it is shown, because several shoppers may see the same error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from shop.i18n import ENGLISH, gettext, noted, spoken


class ShopError(Exception):
    """Base of all errors raised on purpose. `message` is a sentence for people; `values` fill in its {names}."""

    status: ClassVar[int] = 500
    in_general: ClassVar[str] = ""
    """The message for shoppers if there is none, or none in their language because it is for operators."""

    def __init__(self, message: str = "", **values: object) -> None:
        super().__init__(message)
        self._message = message
        self._values = values

    def __str__(self) -> str:
        return self._message.format_map(self._values) if self._values else self._message

    @property
    def message(self) -> str:
        """The message in the current language."""
        untranslated = not self._message or (spoken() is not ENGLISH and gettext(self._message) == self._message)
        return gettext(self.in_general) if self.in_general and untranslated else gettext(self._message, **self._values)


class NotFound(ShopError):
    """The page, product, cart line or order does not exist."""

    status = 404


class InvalidInput(ShopError):
    """The input cannot be understood or accepted; `field` names the form field at fault."""

    status = 422

    def __init__(self, message: str, *, field: str | None = None, **values: object) -> None:
        super().__init__(message, **values)
        self.field = field


class CartLimitExceeded(InvalidInput):
    """A change would make the cart exceed its limits; the cart is unchanged."""

    def __init__(self, message: str, *, limit: int, field: str | None = None) -> None:
        super().__init__(message, field=field, limit=limit)
        self.limit = limit


class QuantityLimitExceeded(CartLimitExceeded):
    """The quantity of one line would exceed `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            noted("A cart takes at most {limit} of one item. Your cart is unchanged."),
            limit=limit,
            field="quantity",
        )


class LineLimitExceeded(CartLimitExceeded):
    """The number of lines would exceed `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(noted("A cart takes at most {limit} different items. Remove one to add another."), limit=limit)


class NotEnoughStock(InvalidInput):
    """The requested quantity exceeds the stock, `available`; `reserved`: more may come back."""

    def __init__(self, title: str, available: int, *, reserved: bool = False) -> None:
        message = noted("{title} is sold out.")
        if available:
            message = noted("Only {available} of {title} left.")
        elif reserved:
            message = noted("The last of {title} are reserved for another order. They may come back within minutes.")
        super().__init__(message, field="quantity", available=available, title=title)
        self.available = available


class InvalidFields(InvalidInput):
    """Form fields are invalid; `problems` maps each field to a message in the shopper's language."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()), field=next(iter(problems)))
        self.problems = problems


class OutOfStock(InvalidInput):
    """Stock does not cover an order; nothing was ordered. `available`: sku -> stock, for each sku that is short."""

    def __init__(self, available: Mapping[str, int]) -> None:
        super().__init__(
            noted("Some of your items are no longer available in this quantity. Nothing was ordered or charged.")
        )
        self.available = available


class CartOrdered(InvalidInput):
    """Another order (`number`) took items from the cart after it was read; nothing was ordered twice."""

    def __init__(self, number: str) -> None:
        super().__init__(noted("Part of your cart has just been ordered. Nothing was ordered twice."))
        self.number = number


class QuoteChanged(InvalidInput):
    """Prices differ from those the shopper agreed to; nothing was ordered or charged.

    `prices`: sku -> the new price (minor units, currency), which a cached catalogue may not have yet.
    """

    def __init__(self, prices: Mapping[str, tuple[int, str]]) -> None:
        super().__init__(noted("Prices have changed since you saw them. Nothing was ordered or charged."))
        self.prices = prices


class CouponRefused(InvalidInput):
    """A coupon code is unknown, expired, used up or not valid for this cart; the message says which."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message, field="coupon", **values)


class IdempotencyKeyReused(InvalidInput):
    """An Idempotency-Key came with another order than before; nothing was ordered."""

    def __init__(self) -> None:
        super().__init__(
            noted("This Idempotency-Key belongs to another order. Nothing was ordered: please send a new key.")
        )


class PaymentDeclined(InvalidInput):
    """The bank declined; nothing was charged."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="credit_card_number")


class RowError(str):
    """The reason why a row of an import file is invalid, such as 'line 12: price is not a number'."""

    __slots__ = ()


class ImportRefused(InvalidInput):
    """An import file has invalid rows; `rows` lists them with the reasons. Nothing was imported."""

    def __init__(self, message: str, rows: tuple[RowError, ...] = ()) -> None:
        super().__init__(message)
        self.rows = rows


class OrderStateRefused(ShopError):
    """An order cannot change from its state to the requested one; it is unchanged."""

    status = 409
    in_general = noted("This can no longer be changed. Nothing was done.")

    def __init__(self, number: str, state: str, wanted: str) -> None:
        super().__init__(
            "Order {number} is {state}; it cannot become {wanted}.", number=number, state=state, wanted=wanted
        )
        self.state = state


class InvalidChange(InvalidInput):
    """A change to a cart that no program should make: the message, for its author, says what is wrong with it."""

    in_general = OrderStateRefused.in_general


class PaymentRefused(ShopError):
    """The payment can no longer take a step, such as voiding a captured payment; nothing was done."""

    status = 409
    in_general = OrderStateRefused.in_general


class EventRefused(ShopError):
    """A message to the shop is not signed by the payment provider; nothing was done."""

    status = 400


class EmailRefused(ShopError):
    """The mail server will never accept this e-mail, for example for an unknown recipient; the message says why."""


class CrossOriginRefused(ShopError):
    """Another site's page requested a change on behalf of a shopper; nothing was changed."""

    status = 403


class TooManyRequests(ShopError):
    """The client has done this too often; it may go on after `seconds`."""

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(
            noted("That was too many times in a short while, so it was not done. Please try again in a few minutes.")
        )
        self.seconds = seconds


class StoreUnavailable(ShopError):
    """A store is unreachable, too slow, loading, read-only or full. A retry may succeed."""

    status = 503
    in_general = noted("The shop cannot do this just now. Please try again in a moment.")


class DatabaseUnavailable(StoreUnavailable):
    """The database does not take a statement now. `str(error)` says what it answered, for operators."""

    def __init__(self) -> None:
        super().__init__("The shop's database does not answer. Please try again in a moment.")

    def __str__(self) -> str:
        return f"The shop's database does not answer: {self.reason}" if self.__cause__ else super().__str__()

    @property
    def reason(self) -> str:
        """The driver's error, the first line of it: the others repeat values of the statement."""
        cause = self.__cause__
        text = str(getattr(cause, "orig", None) or cause or "").strip() or type(cause).__name__
        return text.splitlines()[0]


class CartBehind(StoreUnavailable):
    """The shopper has been shown more of the cart than can be read now, so it must not be ordered."""

    in_general = noted("Some of your cart cannot be shown just now, so it cannot be ordered.")


class StoreBusy(StoreUnavailable):
    """No connection was free within the timeout. The store itself may be healthy."""


class StoreTimeout(StoreUnavailable):
    """The store did not answer in time. Whether the call had an effect is not known."""


class StoreReadOnly(StoreUnavailable):
    """The store answers reads, but takes no change: it is full, a replica, or cannot save."""


class CartUnreadable(StoreBusy):
    """A stored cart cannot be read and must not be overwritten; the store has all other carts."""


class PaymentUnavailable(StoreUnavailable):
    """The payment provider does not answer, so the outcome is unknown. A retry is safe."""


class EmailUnavailable(StoreUnavailable):
    """The mail server cannot accept an e-mail now, or cannot be reached. A retry may succeed."""


class StoreRefused(StoreUnavailable):
    """The store denies access. A retry does not help: the settings must be corrected."""


class PdfUnavailable(ShopError):
    """No PDF can be made: the extra, or a library that it needs, is not installed."""

    status = 503
    in_general = noted("No PDF can be made just now. Please print the page instead.")


class ConfigurationError(ShopError):
    """A setting is wrong; the message says which, what is wrong with it and how to fix it."""


def unforeseen(error: Exception) -> Exception | None:
    """A logger's `exc_info`: the error itself if it was not raised on purpose, else None, as its message suffices."""
    return None if isinstance(error, ShopError) else error
