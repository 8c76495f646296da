"""The demonstration bank whose database does not answer."""

from __future__ import annotations

import socket

import pytest

from shop.checkout.payments.demo import DemoPayments
from shop.database import create_engine
from shop.errors import PaymentUnavailable
from tests.unit.checkout.payments.test_demo import paying


async def test_a_bank_whose_ledger_is_away_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    engine = create_engine(f"postgresql://nobody@127.0.0.1:{port}/nothing")
    payments = DemoPayments(engine)
    for call in (payments.find("A"), payments.capture("A"), payments.authorise(paying("approved"))):
        with pytest.raises(PaymentUnavailable, match="not known"):
            await call
    await engine.dispose()
