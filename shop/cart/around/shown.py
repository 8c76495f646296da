"""What the shoppers have been shown of their carts, by any process: their browsers say so."""

from __future__ import annotations

from shop.cart.around.recent import Recent
from shop.cart.model import Cart, ids_in
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
        """The ids that no process has answered with."""

    def note(self, cart_id: str, latest: bytes, at: int) -> None:
        """The shopper has been shown these changes of a cart, the last made `at`."""
        self._latest[cart_id] = latest, at

    def of(self, cart_id: str) -> bytes:
        """The ids of the changes that the shopper has been shown; empty if that is not known."""
        return self._latest.get(cart_id, (b"", 0))[0]

    def required(self, cart_id: str) -> bytes:
        """The ids of what its shopper has been shown, which a cart must have.

        Without those that no process has answered with; empty if the cart has expired.
        """
        latest, unknown = self._unexpired(cart_id), self._unknown.get(cart_id)
        return b"".join(each for each in ids_in(latest) if each not in ids_in(unknown)) if unknown else latest

    def lacks(self, cart: Cart) -> bool:
        """Whether a cart lacks what it must have."""
        return not cart.knows_all(self.required(cart.id))

    def misses(self, cart: Cart) -> bool:
        """Whether a cart lacks what its shopper has been shown, even if no process knows it."""
        return not cart.knows_all(self._unexpired(cart.id))

    def _unexpired(self, cart_id: str) -> bytes:
        latest, at = self._latest.get(cart_id, (b"", 0))
        now = self._store.now()
        return latest if now - self._store.ttl < at < now + MAX_AHEAD_SECONDS else b""

    def is_unknown(self, cart: Cart) -> None:
        """No process has answered with what a cart lacks: it is not to be waited for again."""
        self._unknown[cart.id] = b"".join(each for each in ids_in(self.of(cart.id)) if not cart.knows(each))

    def may_be_known(self) -> None:
        """The store is back, and knows what no process knew."""
        self._unknown.clear()
