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

    def misses(self, cart: Cart) -> bool:
        """Whether a cart lacks what its shopper has been shown, although it has not expired."""
        latest, at = self._latest.get(cart.id, (b"", 0))
        if cart.knows_all(latest):
            return False
        now = self._store.now()
        return now - self._store.ttl < at < now + MAX_AHEAD_SECONDS

    def lacks(self, cart: Cart) -> bool:
        """Whether a cart lacks what its shopper has been shown, and what another process may know."""
        return self.misses(cart) and self._unknown.get(cart.id) != self.of(cart.id)

    def is_unknown(self, cart_id: str) -> None:
        """No process knows what the shopper has been shown: it is not to be waited for again."""
        self._unknown[cart_id] = self.of(cart_id)

    def may_be_known(self) -> None:
        """The store is back, and knows what no process knew."""
        self._unknown.clear()
