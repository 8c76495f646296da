"""Signs the quote that a shopper is shown. The form carries it, so that nothing else is ever charged.

A token is the packed quote with an HMAC-SHA256 under a key derived from SECRET_KEY. It is not secret and grants no
access: the signature proves that we issued it, and the time in it says when.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
import time
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator

import msgspec

from shop.checkout.model import Quote, QuoteLine
from shop.checkout.pricing.countries import name_of
from shop.i18n import content
from shop.i18n import gettext as _

MAX_AGE = 24 * 3600
"""Seconds until a token expires."""
NAME_LENGTH = 60
"""Characters of a line's name in a token: a hundred lines must fit into a form."""
_PURPOSE = b"what a checkout form has shown, 1"
_SIGNATURE = 32


class QuoteSigner:
    """Signs quotes as tokens, and verifies the tokens of submitted forms.

    All processes of a shop need the same secret; '' generates one. `clock` returns seconds since the epoch.
    """

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._key = hmac.digest((secret or secrets.token_hex(32)).encode(), _PURPOSE, "sha256")
        self._clock = clock

    def sign(self, quote: Quote) -> str:
        """The token of a quote: letters, digits, - and _."""
        short = msgspec.structs.replace(quote, lines=tuple(map(_shortened, quote.lines)))
        packed = zlib.compress(msgspec.msgpack.encode((int(self._clock()), short)))
        return urlsafe_b64encode(self._signature_of(packed) + packed).decode().rstrip("=")

    def verify(self, token: str) -> Quote | None:
        """The quote of a token, its lines without handles and with truncated names; None if it is forged or expired."""
        try:
            signed = urlsafe_b64decode(token.encode("ascii") + b"==")
            signature, packed = signed[:_SIGNATURE], signed[_SIGNATURE:]
            if not hmac.compare_digest(signature, self._signature_of(packed)):
                return None
            made_at, quote = msgspec.msgpack.decode(zlib.decompress(packed), type=tuple[int, Quote])
        except (binascii.Error, UnicodeEncodeError, msgspec.ValidationError):  # the last: issued by another release
            return None
        return quote if self._clock() - made_at < MAX_AGE else None

    def _signature_of(self, packed: bytes) -> bytes:
        return hmac.digest(self._key, packed, "sha256")


def _shortened(line: QuoteLine) -> QuoteLine:
    title = line.title[:NAME_LENGTH]
    return msgspec.structs.replace(line, handle="", title=title, variant=line.variant[: NAME_LENGTH - len(title)])


def differences(seen: Quote, now: Quote) -> tuple[str, ...]:
    """The differences between a quote that was shown and the current one, as sentences; none if they agree."""
    return (*_line_differences(seen, now), *_condition_differences(seen, now), *_amount_differences(seen, now))


def _line_differences(seen: Quote, now: Quote) -> Iterator[str]:
    before = {line.sku: line for line in seen.lines}
    for line in now.lines:
        name, old = line.name, before.pop(line.sku, None)
        if old is None:
            price = (line.unit * line.quantity).format()
            yield _(
                "{name} is new in your order: {quantity} for {price}.", name=name, quantity=line.quantity, price=price
            )
            continue
        if (shown := _shortened(line).name) != _shortened(old).name:
            yield _("{before} is now {now}.", before=_shortened(old).name, now=shown)
        if old.quantity != line.quantity:
            yield _("{name}: {before} before, now {now}.", name=name, before=old.quantity, now=line.quantity)
        if old.unit != line.unit and seen.currency == now.currency:
            old_price, new_price = old.unit.format(), line.unit.format()
            yield _("{name}: {before} before, now {now}.", name=name, before=old_price, now=new_price)
    for line in before.values():
        yield _("{name} is no longer part of your order.", name=line.name)


def _condition_differences(seen: Quote, now: Quote) -> Iterator[str]:
    if seen.currency != now.currency:
        yield _("The prices were in {before} and are now in {now}.", before=seen.currency, now=now.currency)
    if seen.coupon != now.coupon:
        if seen.coupon:
            yield _("The coupon {code} no longer applies.", code=seen.coupon)
        if now.coupon:
            yield _("The coupon {code} applies now.", code=now.coupon)
    if seen.country_code != now.country_code:
        yield _("The country was {before} and is now {now}.", before=_country(seen), now=_country(now))
    if _tax(seen) != _tax(now):
        yield _("Tax was {before} and is now {now}.", before=_tax(seen), now=_tax(now))


def _amount_differences(seen: Quote, now: Quote) -> Iterator[str]:
    """Differences of shipping, discount and total. In different currencies, only the total is compared."""
    old, new = seen.totals, now.totals
    same_currency = seen.currency == now.currency
    if (seen.method, seen.method_title) != (now.method, now.method_title):
        yield _("Shipping was {before} and is now {now}.", before=_method(seen), now=_method(now))
    elif same_currency and old.shipping != new.shipping:
        yield _("Shipping was {before} and is now {now}.", before=_shipping(seen), now=_shipping(now))
    if same_currency and old.discount != new.discount:
        before, today = seen.money(old.discount).format(), now.money(new.discount).format()
        yield _("The discount was {before} and is now {now}.", before=before, now=today)
    if seen.total != now.total:
        yield _("The total was {before} and is now {now}.", before=seen.total.format(), now=now.total.format())


def _method(quote: Quote) -> str:
    return f"{content(quote.method_title)} ({_shipping(quote)})"


def _shipping(quote: Quote) -> str:
    return quote.money(quote.totals.shipping).format() if quote.totals.shipping else _("free")


def _country(quote: Quote) -> str:
    return name_of(quote.country_code) or _("a country that we do not know")


def _tax(quote: Quote) -> str:
    totals = quote.totals
    if not totals.all_taxes:
        return totals.untaxed_words or _("none")
    if totals.tax_included:
        return _("{tax} (contained in the prices)", tax=totals.tax_words)
    return _("{tax} (on top of the prices)", tax=totals.tax_words)
