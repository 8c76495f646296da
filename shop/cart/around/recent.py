"""A bounded memory of what was noted last."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

from typing_extensions import override

Value = TypeVar("Value")


class Recent(OrderedDict[str, Value]):
    """The values of the `size` keys that were set last, oldest first. Setting one is O(1)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    @override
    def __setitem__(self, key: str, value: Value) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self._size:
            self.popitem(last=False)
