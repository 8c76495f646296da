"""Reads submissions of the checkout form, and compares them with the quote that the form showed."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from shop.cart.model import Cart
from shop.checkout.model import Buyer, Quote
from shop.checkout.payments.provider import PaymentToken
from shop.checkout.placing.place_order import OrderRequest
from shop.checkout.pricing.countries import name_of
from shop.checkout.pricing.quotes import QuoteResult
from shop.checkout.pricing.signed_quote import QuoteSigner, differences
from shop.i18n import gettext as _
from shop.i18n import noted, spoken
from shop.web.checkout.fields import PaymentFields
from shop.web.checkout.form import Entries, day_of, read_entries
from shop.web.http.change_ids import idempotency_key
from shop.web.http.forms import Form, read_form
from shop.web.http.origin import email_origin, origin_of
from shop.web.http.request import ShopRequest
from shop.web.render.storefront import Storefront

UNSEEN = noted("This form is too old, or not from this shop. Please check your order once more.")


class CheckoutSubmission(msgspec.Struct, frozen=True, kw_only=True):
    """A submitted checkout form, with the current cart."""

    request: ShopRequest
    cart: Cart
    """Has no id if the request has no session."""
    entries: Entries
    currency: str
    seen: Quote | None
    """The quote that the form showed, if its token is valid and belongs to this cart."""
    token: str | None
    """The submitted token; None for a form without one."""
    key: str
    """The Idempotency-Key header."""
    fingerprint: str
    """A digest of the form's fields, without the card's number and code."""
    email_origin: str
    """The shop's address for links in e-mails."""
    origin: str
    """The shop's address as this client sees it."""

    @property
    def outdated_quote(self) -> Quote | None:
        """The quote that the form showed, if the cart has changed since then."""
        seen, now = self.seen, (self.cart.revision, self.cart.latest_change.hex())
        return seen if seen and (seen.revision, seen.change) != now else None

    def changes(self, quote: Quote) -> tuple[str, ...]:
        """The changes that the shopper has to confirm first; not the country, which they have entered themselves."""
        if self.seen is not None:
            same_country = msgspec.structs.replace(self.seen, country_code=quote.country_code)
            return differences(self.seen, quote) if differences(same_country, quote) else ()
        return (_(UNSEEN),) if self.request.is_browser or self.token is not None else ()

    def order_request(self, quote: Quote) -> OrderRequest:
        """The order request of a form without problems."""
        token = self.entries.token
        return OrderRequest(
            quote=quote,
            buyer=self._buyer(token),
            token=token,
            origin=self.origin,
            changes=self.cart.changes,
            key=self.key,
            fingerprint=self.fingerprint,
        )

    def for_quote(self, result: QuoteResult) -> CheckoutSubmission:
        """The submission without the payment's problems, where there is nothing to pay or the form did not ask.

        With a problem of the country if the shop does not ship there.
        """
        entries, quote = self.entries, result.quote
        if not quote.totals.total or (self.seen is not None and not self.seen.totals.total):
            entries = entries.without_payment()
        if result.region_missing and entries.country_code:
            entries = entries.without_region()
        if not result.methods:
            entries = entries.not_shipped(name_of(quote.country_code))
        return msgspec.structs.replace(self, entries=entries)

    def _buyer(self, token: PaymentToken | None) -> Buyer:
        return Buyer(
            email=self.entries.text["email"],
            address=self.entries.address,
            card_brand=token.card_brand if token else "",
            card_last4=token.card_last4 if token else "",
            origin=self.email_origin,
            language=spoken().code,
            gift_note=self.entries.text["gift_note"],
            phone=self.entries.text["phone"],
            vat_id=self.entries.vat_id,
        )


class CheckoutSubmissions:
    """Reads submissions of the checkout form. PlaceOrderHandlers uses it."""

    def __init__(self, site: Storefront, signer: QuoteSigner, payment: PaymentFields) -> None:
        self._payment = payment
        self._site = site
        self._signer = signer

    async def read(self, request: ShopRequest) -> CheckoutSubmission:
        """The submission of a request, with a cart that has only its id. Raises InvalidInput."""
        form = await read_form(request)
        session = self._site.sessions.read(request)
        cart = Cart(session.cart_id if session else "")
        token = form.fields.get("seen")
        entries = read_entries(form, day_of(self._site.clock()), self._payment)
        seen = self._signer.verify(token) if token else None
        return CheckoutSubmission(
            request=request,
            cart=cart,
            entries=entries,
            currency=self._site.currency(request),
            seen=seen if seen and seen.cart_id == cart.id else None,
            token=token,
            key=idempotency_key(request),
            fingerprint=_fingerprint(form, entries.token, self._payment.secret),
            origin=origin_of(request, self._site.public_url),
            email_origin=email_origin(request, self._site.public_url, sends_email=self._site.sends_email),
        )


def _fingerprint(form: Form, token: PaymentToken | None, secret: frozenset[str]) -> str:
    """A digest of what was sent. Of the card's number it has the last digits only, and nothing of the code."""
    fields = {name: value for name, value in form.fields.items() if name not in secret}
    sent = [*sorted(fields.items()), ("last4", token.card_last4 if token else "")]
    return blake2b(msgspec.json.encode(sent), digest_size=20).hexdigest()
