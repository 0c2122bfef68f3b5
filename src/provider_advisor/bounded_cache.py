"""Results that are kept for the next caller, up to a limit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["BoundedCache"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Keep up to `limit` values; the one used longest ago makes room for a new one. Safe in threads.

    >>> squares = BoundedCache[int, int](limit=2)
    >>> squares.get_or_make(3, lambda: 3 * 3)
    9
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # Of a plain dict the oldest is found ever more slowly, the more were dropped before it.
        self._kept: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get_or_make(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value kept under the key, or make and keep it.

        `make` runs without the lock, so that a slow value does not block other threads; when two threads make the same
        value, both get the first that was kept.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            found = self._kept.setdefault(key, made)
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return found

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
