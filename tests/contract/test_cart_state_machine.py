"""After any sequence of changes, repeats and puts, every service has the same state as the model."""

import asyncio
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from shop.cart.model import Cart, Change, apply, check, join, new_change_id, replay
from shop.cart.service import CartService
from shop.errors import CartLimitExceeded, InvalidInput
from tests.fixtures.cart_services import BACKENDS, Build, builder, settle
from tests.fixtures.carts import LIMITS, changes

EXAMPLES = {"memory": 50, "fakeredis": 20, "valkey": 30, "sqlite": 20, "postgres": 20}
"""Examples per backend; the stores that other services wrap get the most."""


class CartStateMachine(RuleBasedStateMachine):
    """Does everything twice: with the service, and with a dict, `apply` and `join`."""

    build: Build
    runner: asyncio.Runner
    merges: bool
    """Whether it knows what changes did, and so merges states that have diverged better than `join`."""

    def __init__(self) -> None:
        super().__init__()
        self.service: CartService = self.build(LIMITS, 3600)
        self.model: dict[str, Cart] = {}
        self.history: list[Cart] = []
        self.applied: list[Change] = []
        self.carts = (new_change_id().hex(), new_change_id().hex())

    @initialize()
    def start(self) -> None:
        self.runner.run(self.service.start())

    @rule(index=st.integers(0, 1), data=st.data())
    def change(self, index: int, data: st.DataObject) -> None:
        cart_id = self.carts[index]
        self.both(cart_id, data.draw(changes([change.id for change in self.applied])))

    @rule(index=st.integers(0, 1), data=st.data())
    def repeat(self, index: int, data: st.DataObject) -> None:
        cart_id = self.carts[index]
        if self.applied:
            self.both(cart_id, data.draw(st.sampled_from(self.applied)))

    @rule(index=st.integers(0, 1), data=st.data())
    def put(self, index: int, data: st.DataObject) -> None:
        cart_id = self.carts[index]
        if self.history:
            cart = msgspec.structs.replace(data.draw(st.sampled_from(self.history)), id=cart_id)
            if self.merges and _have_diverged(self.of(cart_id), cart):
                return
            expected = join(self.of(cart_id), cart, LIMITS)
            assert self.runner.run(self.service.put(cart)) == expected
            self.remember(expected)

    @rule(index=st.integers(0, 1), data=st.data())
    def replay(self, index: int, data: st.DataObject) -> None:
        cart_id = self.carts[index]
        drawn = data.draw(st.lists(changes([change.id for change in self.applied]), max_size=5))
        made = [change for change in drawn if _can_be_made(change)]
        expected = replay(self.of(cart_id), made, LIMITS)
        assert self.runner.run(self.service.replay(cart_id, made)) == expected
        self.remember(expected)
        self.applied += [change for change in made if expected.knows(change.id)]

    @rule()
    def settle(self) -> None:
        self.runner.run(settle(self.service))

    @invariant()
    def same(self) -> None:
        for cart_id in self.carts:
            assert self.runner.run(self.service.get(cart_id)) == self.of(cart_id)

    def teardown(self) -> None:
        self.runner.run(self.service.close())

    def both(self, cart_id: str, change: Change) -> None:
        try:
            expected: Cart | str = apply(self.of(cart_id), change, LIMITS)
        except InvalidInput as error:
            expected = str(error)
        try:
            answered: Cart | str = self.runner.run(self.service.apply(cart_id, change))
        except (CartLimitExceeded, InvalidInput) as error:
            answered = str(error)
        assert answered == expected
        if isinstance(expected, Cart):
            self.remember(expected)
            self.applied.append(change)

    def of(self, cart_id: str) -> Cart:
        return self.model.get(cart_id, Cart(cart_id))

    def remember(self, cart: Cart) -> None:
        if cart.revision:
            self.model[cart.id] = cart
            self.history.append(cart)


def _have_diverged(one: Cart, other: Cart) -> bool:
    return not one.grew_from(other) and not other.grew_from(one)


def _can_be_made(change: Change) -> bool:
    try:
        check(change)
    except InvalidInput:
        return False
    return True


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_service_behaves_like_the_model(
    backend: str, runner: asyncio.Runner, request: pytest.FixtureRequest
) -> None:
    merges = "failover" in backend
    members = {"build": staticmethod(builder(backend, request)), "runner": runner, "merges": merges}
    machine = type("Machine", (CartStateMachine,), members)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES.get(backend, 10),
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
