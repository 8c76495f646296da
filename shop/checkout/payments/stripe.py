"""Stripe, by its Checkout: the shopper pays on a page of Stripe, and the shop never sees a card.

Each payment is a Checkout Session with a PaymentIntent that is captured later. Stripe is asked what is true each time;
the table `stripe_payments` only says which session belongs to which key, because Stripe cannot be asked that with
certainty. A session whose creation was not answered harms nobody: only its URL makes it payable, and no shopper has it.
It is created again with the same Idempotency-Key, which makes it the same one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit
from weakref import WeakValueDictionary

import msgspec
import stripe
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.payments.provider import REST, Payment, PaymentEvent, PaymentRequest, Status
from shop.checkout.payments.stripe_amounts import amount_for_stripe, amount_from_stripe
from shop.checkout.payments.stripe_calls import asked, step
from shop.checkout.payments.stripe_events import read_event
from shop.checkout.payments.stripe_rows import Row, Rows
from shop.errors import ConfigurationError, PaymentRefused, PaymentUnavailable
from shop.i18n import noted
from shop.money import Money

API = "https://api.stripe.com"
PAGE = "https://checkout.stripe.com"
CALL_SECONDS = 6.0
"""The timeout of one call, below PAYMENT_SECONDS."""
PAY_SECONDS = 1800
"""How long a shopper has to pay."""
SESSION_SECONDS = 3900
"""How long a session lives that nobody ends. Stripe demands half an hour from its creation, which may be a retry."""
NOTHING = Money(0, "XXX")
UNPAYABLE = noted("This cannot be paid here. Nothing was charged.")
RETURNED = ("succeeded", "pending", "requires_action")
"""The states of a refund that count as returned."""


log = logging.getLogger(__name__)


class StripeAddress(msgspec.Struct, frozen=True):
    """Where Stripe is: its API, and the origin of the pages on which shoppers pay."""

    api: str = API
    page: str = PAGE


def read_stripe_url(url: str) -> StripeAddress:
    """The address in a PAYMENTS_URL: `stripe:`, or `stripe:?api=http://127.0.0.1:8420` for a double of Stripe.

    `page` names the origin of the pages, if they are at a domain of one's own. Raises ConfigurationError.
    """
    parts = urlsplit(url)
    given = {name: values[0].rstrip("/") for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    origins = all(_is_origin(value) for value in given.values())
    if parts.netloc or parts.path or parts.fragment or set(given) - {"api", "page"} or not origins:
        raise ConfigurationError(
            "PAYMENTS_URL is not understood. Write only stripe: there; the key belongs into STRIPE_SECRET_KEY."
        )
    api = given.get("api", API)
    return StripeAddress(api, given.get("page", PAGE if api == API else api))


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.path and "@" not in parts.netloc


class StripePayments:
    """A PaymentProvider. Calls for one key are made one after another within a process."""

    name = "stripe"
    seconds = PAY_SECONDS

    def __init__(
        self,
        address: StripeAddress,
        secret_key: str,
        webhook_secret: str,
        engine: AsyncEngine,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not secret_key.startswith(("sk_", "rk_")):
            raise ConfigurationError("STRIPE_SECRET_KEY must be set to Stripe's secret key: it begins with sk_ or rk_.")
        self.pages: tuple[str, ...] = (address.page,)
        self._address = address
        self._secret_key = secret_key
        self._webhook_secret = webhook_secret
        self._rows = Rows(engine, clock)
        self._clock = clock
        self._http: stripe.HTTPXClient | None = None
        self._known_client: stripe.StripeClient | None = None
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def authorise(self, request: PaymentRequest) -> Payment:
        """See PaymentProvider."""
        async with self._locked(request.key):
            row = await self._rows.get(request.key)
            if row is None:
                row = await self._rows.insert(request.key, msgspec.json.encode(request).decode())
            return await self._payment(row)

    async def capture(self, key: str, amount: int | None = None) -> Payment:
        """See PaymentProvider."""
        async with self._locked(key):
            payment, intent = await self._known(key)
            if payment is not None and payment.status in ("captured", "refunded"):
                return payment
            if payment is None or payment.status != "authorised":
                raise _refused(key, payment, "captured")
            taken = payment.amount.amount if amount is None else amount
            if not 0 < taken <= payment.amount.amount:
                raise PaymentRefused(f"Of payment {key}, {payment.amount.amount} is authorised, not {taken}.")
            minor = amount_for_stripe(Money(taken, payment.amount.currency))
            intents = self._client.v1.payment_intents
            options = {"idempotency_key": f"{key}-capture"}
            await step(intents.capture_async(intent, {"amount_to_capture": minor}, cast("Any", options)))
            return await self._again(key)

    async def void(self, key: str) -> Payment:
        """See PaymentProvider."""
        async with self._locked(key):
            row = await self._rows.get(key) or await self._rows.insert(key, "", voided=True)
            if not row.session:
                await self._rows.mark_voided(row)
                row = await self._rows.get(key) or row
            payment = await self._payment(row)
            if payment.status == "challenged" and row.session:
                payment = await self._expired(row)
            if payment.status == "authorised":
                intents, intent = self._client.v1.payment_intents, payment.reference
                await step(intents.cancel_async(intent, None, cast("Any", {"idempotency_key": f"{key}-cancel"})))
                payment = await self._again(key)
            if payment.status not in ("voided", "declined"):
                raise _refused(key, payment, "voided")
            return payment

    async def refund(self, key: str, refund: str, amount: int | None = None) -> Payment:
        """See PaymentProvider."""
        async with self._locked(key):
            payment, intent = await self._known(key)
            if payment is None or payment.status not in ("captured", "refunded"):
                raise _refused(key, payment, "refunded")
            made = [each.metadata for each in await self._refunds(intent) if each.metadata]
            if any("refund" in about and about["refund"] == refund for about in made) or (
                payment.status == "refunded" and refund == REST
            ):
                return payment
            left = payment.captured - payment.refunded
            given = left if amount is None else amount
            if not 0 < given <= left:
                raise PaymentRefused(f"Of payment {key}, {left} is left; {given} cannot be refunded.")
            params: dict[str, Any] = {
                "payment_intent": intent,
                "amount": amount_for_stripe(Money(given, payment.amount.currency)),
                "metadata": {"order": key, "refund": refund},
            }
            options = {"idempotency_key": f"{key}-refund-{refund}"}
            await step(self._client.v1.refunds.create_async(cast("Any", params), cast("Any", options)))
            return await self._again(key)

    async def find(self, key: str) -> Payment | None:
        """See PaymentProvider."""
        return (await self._known(key))[0]

    def event(self, headers: Mapping[str, str], body: bytes) -> PaymentEvent:
        """See PaymentProvider."""
        return read_event(headers, body, self._webhook_secret)

    async def check(self) -> None:
        """Ask Stripe for something, to see that it answers and takes the key. Raises PaymentUnavailable."""
        try:
            await asked(self._client.v1.checkout.sessions.list_async({"limit": 1}))
        except PaymentUnavailable as error:
            reason = error.__cause__
            refused = isinstance(reason, stripe.AuthenticationError | stripe.PermissionError)
            says = "Stripe refuses STRIPE_SECRET_KEY." if refused else "Stripe does not answer."
            raise PaymentUnavailable(says) from error

    async def close(self) -> None:
        """See PaymentProvider."""
        if self._http is not None:
            await self._http.close_async()  # type: ignore[no-untyped-call]

    @property
    def _client(self) -> stripe.StripeClient:
        """Made in the first call, within the event loop."""
        if self._known_client is None:
            self._http = stripe.HTTPXClient(timeout=CALL_SECONDS)
            logging.getLogger("stripe").setLevel(logging.WARNING)  # below that it logs what is sent
            self._known_client = stripe.StripeClient(
                self._secret_key,
                base_addresses={"api": self._address.api},
                http_client=self._http,
                max_network_retries=0,
            )
        return self._known_client

    async def _known(self, key: str) -> tuple[Payment | None, str]:
        """The current payment, and the id of its PaymentIntent."""
        row = await self._rows.get(key)
        payment = await self._payment(row) if row else None
        return payment, payment.reference if payment else ""

    async def _again(self, key: str) -> Payment:
        payment, _intent = await self._known(key)
        assert payment is not None
        return payment

    async def _payment(self, row: Row) -> Payment:
        """The payment of a row as Stripe knows it; its session is created if that was not done yet."""
        request = msgspec.json.decode(row.request, type=PaymentRequest) if row.request else None
        if request is None:
            return Payment(row.key, "voided", NOTHING)
        if not row.session and (row.voided or self._clock() > row.at + PAY_SECONDS):
            return Payment(row.key, "voided", request.amount)
        if not row.session:
            try:
                row = await self._with_session(row, request)
            except (stripe.InvalidRequestError, PaymentRefused) as error:
                log.warning("Stripe cannot take a payment: %s", error)
                await self._rows.mark_voided(row)
                return Payment(row.key, "declined", request.amount, UNPAYABLE)
            return await self._payment(row)
        params = {"expand": ["payment_intent.payment_method"]}
        session = await asked(self._client.v1.checkout.sessions.retrieve_async(row.session, cast("Any", params)))
        return await self._reported(request, session)

    async def _reported(self, request: PaymentRequest, session: stripe.checkout.Session) -> Payment:
        intent = session.payment_intent if isinstance(session.payment_intent, stripe.PaymentIntent) else None
        status = status_of(session.status or "", intent.status if intent else "")
        refunds = await self._refunds(intent.id) if intent and status == "captured" else []
        currency = request.amount.currency
        captured = amount_from_stripe(intent.amount_received if intent and status == "captured" else 0, currency)
        refunded = amount_from_stripe(sum(each.amount for each in refunds if each.status in RETURNED), currency)
        card = (
            intent.payment_method.card if intent and isinstance(intent.payment_method, stripe.PaymentMethod) else None
        )
        return Payment(
            request.key,
            "refunded" if captured and refunded >= captured else status,
            request.amount,
            challenge_path=session.url or "" if status == "challenged" else "",
            captured=captured,
            refunded=refunded,
            reference=intent.id if intent else session.id,
            card_brand=_brand(card.brand) if card else "",
            card_last4=card.last4 or "" if card else "",
        )

    async def _with_session(self, row: Row, request: PaymentRequest) -> Row:
        """Create the session of a row. Raises stripe.InvalidRequestError for what Stripe does not take."""
        params = session_params(request, expires_at=row.at + SESSION_SECONDS)
        options = {"idempotency_key": f"{row.key}-session"}
        sessions = self._client.v1.checkout.sessions
        session = await asked(sessions.create_async(cast("Any", params), cast("Any", options)), refuses=True)
        stored = await self._rows.keep_session(row, session.id, request)
        if stored.session != session.id:  # another process was faster, or it was voided meanwhile
            await asked(sessions.expire_async(session.id))
        return stored

    async def _expired(self, row: Row) -> Payment:
        """End a session, unless the shopper has paid meanwhile."""
        with suppress(PaymentRefused):  # it is complete, or has just expired
            await step(self._client.v1.checkout.sessions.expire_async(row.session))
        return await self._payment(row)

    async def _refunds(self, intent: str) -> list[stripe.Refund]:
        params = {"payment_intent": intent, "limit": 100}
        found = (await asked(self._client.v1.refunds.list_async(cast("Any", params)))).data
        return [refund for refund in found if refund.payment_intent == intent]

    @asynccontextmanager
    async def _locked(self, key: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield


def session_params(request: PaymentRequest, *, expires_at: int) -> dict[str, Any]:
    """The parameters of a Checkout Session: the same for each call, as Stripe's idempotency demands."""
    amount = {"currency": request.amount.currency.lower(), "unit_amount": amount_for_stripe(request.amount)}
    back = {name: request.return_url for name in ("success_url", "cancel_url") if request.return_url}
    return {
        "mode": "payment",
        "client_reference_id": request.key,
        "metadata": {"order": request.key},
        "line_items": [{"price_data": {**amount, "product_data": {"name": request.key}}, "quantity": 1}],
        "payment_intent_data": {"capture_method": "manual", "metadata": {"order": request.key}},
        "expires_at": expires_at,
        **({"customer_email": request.email} if request.email else {}),
        **back,
    }


def status_of(session: str, intent: str) -> Status:
    """The status of a payment whose session and PaymentIntent have these."""
    if session == "open":
        return "challenged"
    if session == "expired" or intent == "canceled":
        return "voided"
    statuses: dict[str, Status] = {
        "requires_capture": "authorised",
        "succeeded": "captured",
        "requires_payment_method": "declined",
        "processing": "processing",
    }
    return statuses.get(intent, "challenged")


def _brand(brand: str) -> str:
    """'visa' -> 'Visa'."""
    return {"amex": "American Express"}.get(brand, brand.replace("_", " ").title())


def _refused(key: str, payment: Payment | None, target: Status) -> PaymentRefused:
    status = payment.status if payment else "not known"
    return PaymentRefused(f"Payment {key} is {status}; it cannot become {target}.")
