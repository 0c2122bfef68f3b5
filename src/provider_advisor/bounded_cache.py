"""A cache with a limited size."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Keep up to `limit` values; the one used longest ago makes room for a new one. Safe in threads.

    With `weigh`, the limit applies to the sum of their weights, such as bytes.

    >>> squares = BoundedCache[int, int](limit=2)
    >>> squares.get_or_make(3, lambda: 3 * 3)
    9
    >>> texts = BoundedCache[str, str](limit=5, weigh=len)
    >>> [texts.keep(text, text) for text in ("abc", "de", "fg", "too long")], texts.find("abc"), texts.find("de")
    (['abc', 'de', 'fg', 'too long'], None, 'de')
    """

    def __init__(self, limit: int, weigh: Callable[[Value], int] | None = None) -> None:
        self._limit, self._weigh = limit, weigh or (lambda _: 1)
        self._weight = 0
        # In a plain dict, finding the oldest gets slower with each one dropped before it.
        self._kept: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Key) -> Value | None:
        """Return the value kept under the key, None if there is none."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def keep(self, key: Key, value: Value) -> Value:
        """Keep a value, unless it alone is over the limit; return the one that was kept first under the key."""
        weight = self._weigh(value)
        with self._lock:
            if key in self._kept or weight > self._limit:
                return self._kept.get(key, value)
            self._kept[key] = value
            self._weight += weight
            while self._weight > self._limit:
                self._weight -= self._weigh(self._kept.popitem(last=False)[1])
            return value

    def get_or_make(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value kept under the key, or make and keep it.

        `make` runs without the lock, so that a slow value does not block other threads; when two threads make the same
        value, both get the first that was kept.
        """
        with self._lock:  # not `find`, because a value may be None
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        return self.keep(key, make())

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._weight = 0
