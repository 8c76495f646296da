"""What the shoppers have been shown of their carts, by any process: their browsers say so."""

from __future__ import annotations

from shop.cart.around.recent import Recent
from shop.cart.model import Cart
from shop.cart.service import CartService

MAX_AHEAD_SECONDS = 300
"""A change made later than this is not believed."""
MAX_REMEMBERED = 10_000
"""Of how many carts this is remembered."""


class Shown:
    """The latest changes that the shopper of each cart has been shown, as their ids. Its carts are those of `store`."""

    def __init__(self, store: CartService) -> None:
        self._store = store
        self._latest = Recent[tuple[bytes, int]](MAX_REMEMBERED)
        """The ids, and when the last of the changes was made."""
        self._unknown = Recent[bytes](MAX_REMEMBERED)
        """The ids of which no process knows all."""

    def note(self, cart_id: str, latest: bytes, at: int) -> None:
        """The shopper has been shown these changes of a cart, the last made `at`."""
        self._latest[cart_id] = latest, at

    def of(self, cart_id: str) -> bytes:
        """The ids of the changes that the shopper has been shown; empty if that is not known."""
        return self._latest.get(cart_id, (b"", 0))[0]

    def required(self, cart_id: str) -> bytes:
        """The ids of what its shopper has been shown, which a cart must have.

        Empty if the cart has expired, or if no process knows all of them.
        """
        latest = self._unexpired(cart_id)
        return b"" if self._unknown.get(cart_id) == latest else latest

    def lacks(self, cart: Cart) -> bool:
        """Whether a cart lacks what it must have."""
        return not cart.knows_all(self.required(cart.id))

    def misses(self, cart: Cart) -> bool:
        """Whether a cart lacks what its shopper has been shown, also if no process knows it."""
        return not cart.knows_all(self._unexpired(cart.id))

    def _unexpired(self, cart_id: str) -> bytes:
        latest, at = self._latest.get(cart_id, (b"", 0))
        now = self._store.now()
        return latest if now - self._store.ttl < at < now + MAX_AHEAD_SECONDS else b""

    def is_unknown(self, cart_id: str) -> None:
        """No process knows what the shopper has been shown: it is not to be waited for again."""
        self._unknown[cart_id] = self.of(cart_id)

    def may_be_known(self) -> None:
        """The store is back, and knows what no process knew."""
        self._unknown.clear()
