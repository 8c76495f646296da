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
from decimal import Decimal
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit
from weakref import WeakValueDictionary

import msgspec
import stripe
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.model import Dispute
from shop.checkout.payments.provider import REST, Payment, PaymentEvent, PaymentRequest, Status
from shop.checkout.schema import stripe_payments
from shop.database import fetch, insert_into, writing
from shop.errors import ConfigurationError, EventRefused, PaymentRefused, PaymentUnavailable, StoreUnavailable
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
SIGNED_SECONDS = 300
"""How old the signature of a message may be. Stripe signs anew what it sends again."""
NOTHING = Money(0, "XXX")
ZERO_DECIMAL = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMAL = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
"""Stripe's own rules for currencies; all others have two decimals, also where ISO 4217 says otherwise."""
UNPAYABLE = noted("This cannot be paid here. Nothing was charged.")
CLOSED: Mapping[str, Dispute] = {"lost": "lost", "won": "won", "warning_closed": "won"}
"""What became of a dispute, by Stripe's word."""
NOTED = {
    "charge.dispute.created": "The shopper's bank disputes the payment: answer it at Stripe.",
    "charge.dispute.closed": "The dispute of the payment is closed: Stripe says with which result.",
    "refund.failed": "A refund has failed: Stripe says why. The money did not go back.",
}
"""What an operator is told of an event, by its type."""
RETURNED = ("succeeded", "pending", "requires_action")
"""The states of a refund that count as returned."""


log = logging.getLogger(__name__)


class StripeAddress(msgspec.Struct, frozen=True):
    """Where Stripe is: its API, and the origin of the pages on which shoppers pay."""

    api: str = API
    page: str = PAGE


class _Row(msgspec.Struct, frozen=True):
    """What is stored of a payment."""

    key: str
    session: str
    """The id of the Checkout Session; '' before it is known."""
    voided: bool
    """Whether no session may be created any more."""
    at: int
    request: str
    """JSON of the PaymentRequest; '' for a payment that was voided before it existed."""


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
        self._engine = engine
        self._clock = clock
        self._http: stripe.HTTPXClient | None = None
        self._known_client: stripe.StripeClient | None = None
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def authorise(self, request: PaymentRequest) -> Payment:
        """See PaymentProvider."""
        async with self._locked(request.key):
            row = await self._row(request.key)
            if row is None:
                row = await self._insert(request.key, msgspec.json.encode(request).decode())
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
            await _step(intents.capture_async(intent, {"amount_to_capture": minor}, cast("Any", options)))
            return await self._again(key)

    async def void(self, key: str) -> Payment:
        """See PaymentProvider."""
        async with self._locked(key):
            row = await self._row(key) or await self._insert(key, "", voided=True)
            if not row.session:
                await self._mark_voided(row)
                row = await self._row(key) or row
            payment = await self._payment(row)
            if payment.status == "challenged" and row.session:
                payment = await self._expired(row)
            if payment.status == "authorised":
                intents, intent = self._client.v1.payment_intents, payment.reference
                await _step(intents.cancel_async(intent, None, cast("Any", {"idempotency_key": f"{key}-cancel"})))
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
            await _step(self._client.v1.refunds.create_async(cast("Any", params), cast("Any", options)))
            return await self._again(key)

    async def find(self, key: str) -> Payment | None:
        """See PaymentProvider."""
        return (await self._known(key))[0]

    def event(self, headers: Mapping[str, str], body: bytes) -> PaymentEvent:
        """See PaymentProvider."""
        if not self._webhook_secret:
            raise EventRefused("STRIPE_WEBHOOK_SECRET is not set.")
        try:
            signature = headers.get("stripe-signature", "")
            stripe.WebhookSignature.verify_header(body.decode(), signature, self._webhook_secret, SIGNED_SECONDS)
            event = msgspec.json.decode(body, type=_Event)
        except (stripe.SignatureVerificationError, ValueError, IndexError, msgspec.DecodeError) as error:
            raise EventRefused("This message is not signed by Stripe.") from error
        about, dispute = event.data.object, event.dispute
        return PaymentEvent(event.id, about.order, event.type, NOTED.get(event.type, ""), about.reference, dispute)

    async def check(self) -> None:
        """Ask Stripe for something, to see that it answers and takes the key. Raises PaymentUnavailable."""
        try:
            await _asked(self._client.v1.checkout.sessions.list_async({"limit": 1}))
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
        row = await self._row(key)
        payment = await self._payment(row) if row else None
        return payment, payment.reference if payment else ""

    async def _again(self, key: str) -> Payment:
        payment, _intent = await self._known(key)
        assert payment is not None
        return payment

    async def _payment(self, row: _Row) -> Payment:
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
                await self._mark_voided(row)
                return Payment(row.key, "declined", request.amount, UNPAYABLE)
            return await self._payment(row)
        params = {"expand": ["payment_intent.payment_method"]}
        session = await _asked(self._client.v1.checkout.sessions.retrieve_async(row.session, cast("Any", params)))
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

    async def _with_session(self, row: _Row, request: PaymentRequest) -> _Row:
        """Create the session of a row. Raises stripe.InvalidRequestError for what Stripe does not take."""
        params = session_params(request, expires_at=row.at + SESSION_SECONDS)
        options = {"idempotency_key": f"{row.key}-session"}
        sessions = self._client.v1.checkout.sessions
        session = await _asked(sessions.create_async(cast("Any", params), cast("Any", options)), refuses=True)
        mine = stripe_payments.c.key == row.key, stripe_payments.c.session == "", ~stripe_payments.c.voided
        async with self._writing() as connection:
            known = {"session": session.id, "request": _without_person(request)}
            await connection.execute(update(stripe_payments).where(*mine).values(known))
        stored = await self._row(row.key) or row
        if stored.session != session.id:  # another process was faster, or it was voided meanwhile
            await _asked(sessions.expire_async(session.id))
        return stored

    async def _expired(self, row: _Row) -> Payment:
        """End a session, unless the shopper has paid meanwhile."""
        with suppress(PaymentRefused):  # it is complete, or has just expired
            await _step(self._client.v1.checkout.sessions.expire_async(row.session))
        return await self._payment(row)

    async def _refunds(self, intent: str) -> list[stripe.Refund]:
        params = {"payment_intent": intent, "limit": 100}
        found = (await _asked(self._client.v1.refunds.list_async(cast("Any", params)))).data
        return [refund for refund in found if refund.payment_intent == intent]

    async def _row(self, key: str) -> _Row | None:
        try:
            rows = await fetch(self._engine, select(stripe_payments).where(stripe_payments.c.key == key))
        except StoreUnavailable as error:
            raise _unavailable() from error
        return _Row(*(getattr(rows[0], name) for name in _Row.__struct_fields__)) if rows else None

    async def _insert(self, key: str, request: str, *, voided: bool = False) -> _Row:
        """Store a payment, unless it is stored already; return what is stored."""
        row = _Row(key, "", voided, int(self._clock()), request)
        async with self._writing() as connection:
            values = msgspec.structs.asdict(row)
            await connection.execute(insert_into(connection, stripe_payments).values(values).on_conflict_do_nothing())
        return await self._row(key) or row

    async def _mark_voided(self, row: _Row) -> None:
        own = stripe_payments.c.key == row.key, stripe_payments.c.session == ""
        asked = _without_person(msgspec.json.decode(row.request, type=PaymentRequest)) if row.request else ""
        async with self._writing() as connection:
            await connection.execute(update(stripe_payments).where(*own).values(voided=True, request=asked))

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Any]:
        try:
            async with writing(self._engine) as connection:
                yield connection
        except StoreUnavailable as error:
            raise _unavailable() from error

    @asynccontextmanager
    async def _locked(self, key: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield


class _EventObject(msgspec.Struct, frozen=True):
    """What an event is about: a session, a PaymentIntent, a charge, a refund or a dispute."""

    metadata: dict[str, str] | None = None
    client_reference_id: str | None = None
    payment_intent: str | dict[str, Any] | None = None
    status: str | None = None

    @property
    def reference(self) -> str:
        return self.payment_intent if isinstance(self.payment_intent, str) else ""

    @property
    def order(self) -> str:
        return (self.metadata or {}).get("order", "") or self.client_reference_id or ""


class _EventData(msgspec.Struct, frozen=True):
    object: _EventObject


class _Event(msgspec.Struct, frozen=True):
    id: str
    type: str
    data: _EventData

    @property
    def dispute(self) -> Dispute:
        if self.type == "charge.dispute.closed":
            return CLOSED.get(self.data.object.status or "", "")
        return "open" if self.type == "charge.dispute.created" else ""


def _without_person(request: PaymentRequest) -> str:
    """What is kept of a request once it was made, as JSON: nothing of the shopper, nor the secret of their order."""
    return msgspec.json.encode(PaymentRequest(key=request.key, amount=request.amount)).decode()


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


def amount_for_stripe(money: Money) -> int:
    """An amount in Stripe's smallest unit. Raises PaymentRefused for one that Stripe cannot take exactly."""
    minor = money.decimal.scaleb(_digits(money.currency))
    if minor != minor.to_integral_value() or (money.currency in THREE_DECIMAL and minor % 10):
        raise PaymentRefused(f"{money.decimal} {money.currency} cannot be paid by Stripe exactly.")
    return int(minor)


def amount_from_stripe(minor: int, currency: str) -> int:
    """An amount in Stripe's smallest unit, in the shop's minor units."""
    return Money.of(Decimal(minor).scaleb(-_digits(currency)), currency).amount


def _digits(currency: str) -> int:
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def _brand(brand: str) -> str:
    """'visa' -> 'Visa'."""
    return {"amex": "American Express"}.get(brand, brand.replace("_", " ").title())


async def _asked(call: Any, *, refuses: bool = False) -> Any:
    """Stripe's answer. Raises PaymentUnavailable; with `refuses` also stripe.InvalidRequestError."""
    try:
        return await call
    except stripe.InvalidRequestError as error:
        if refuses:
            raise
        log.error("Stripe refuses what is asked: %s", error.code or error.http_status)  # noqa: TRY400 - see above
        raise _unavailable() from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.error("Stripe refuses STRIPE_SECRET_KEY.")  # noqa: TRY400 - the reason is in the sentence
        raise _unavailable() from error
    except stripe.StripeError as error:
        raise _unavailable() from error


async def _step(call: Any) -> None:
    """A step of a payment. Raises PaymentRefused if Stripe refuses it, and PaymentUnavailable."""
    try:
        await _asked(call, refuses=True)
    except stripe.InvalidRequestError as error:
        raise PaymentRefused(f"Stripe refuses this: {error.code or error.http_status}.") from error


def _unavailable() -> PaymentUnavailable:
    return PaymentUnavailable("The bank does not answer. Whether the payment was made is not known yet.")


def _refused(key: str, payment: Payment | None, target: Status) -> PaymentRefused:
    status = payment.status if payment else "not known"
    return PaymentRefused(f"Payment {key} is {status}; it cannot become {target}.")
