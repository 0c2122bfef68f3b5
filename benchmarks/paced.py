"""What `wrk` cannot ask: requests at even intervals, and each of many requests once.

`wrk` sends its next request when the last is answered, so a slow answer delays the load that would show it. Here a
request is due whether or not earlier ones are answered, and its time counts from then: waiting for a late server, or
for a late client, counts too.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

_PATIENCE = 30


class PacedLoad(NamedTuple):
    """Requests a second, two percentiles in ms, requests that failed, and how late the 99th in a hundred was sent."""

    rate: float
    median: float
    last: float
    failed: int
    late: float


class _Client:
    """Connections that are kept alive; a request that finds all of them busy opens another."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.times: list[float] = []
        self.late: list[float] = []
        self.failed = 0

    async def ask(self, path: str, due: float) -> None:
        """Send a request, and note how long after it was due its answer was there."""
        self.late.append(time.perf_counter() - due)
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._free:
                    pair = self._free.pop()
                else:
                    pair = await asyncio.open_connection("127.0.0.1", self._port)
                good = await self._exchange(*pair, path)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            good = False
        else:
            self._free.append(pair)
        self.times.append(time.perf_counter() - due)
        self.failed += not good

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bool:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        return head.split(None, 2)[1] == b"200"

    def close(self) -> None:
        """Close the connections."""
        for _, writer in self._free:
            writer.close()


def measure_paced(port: int, paths: Sequence[str], rate: float, seconds: float) -> PacedLoad:
    """Return what a load of so many requests a second finds, the paths in turn."""
    return asyncio.run(_pace(port, paths, rate, seconds))


async def _pace(port: int, paths: Sequence[str], rate: float, seconds: float) -> PacedLoad:
    client, count = _Client(port), max(1, math.floor(rate * seconds))
    begin = time.perf_counter() + 0.1
    running = set()
    for number in range(count):
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        task = asyncio.create_task(client.ask(paths[number % len(paths)], due))
        running.add(task)
        task.add_done_callback(running.discard)
    while running:
        await asyncio.wait(running)
    return _sum_up(client, time.perf_counter() - begin)


def measure_each(
    port: int, paths: Sequence[str], connections: int, seconds: float, look: Callable[[], object]
) -> PacedLoad:
    """Return what is found by asking each path once, as fast as so many connections are answered.

    `look` is called once, after so many seconds.
    """
    return asyncio.run(_ask_each(port, paths, connections, seconds, look))


async def _ask_each(
    port: int, paths: Sequence[str], connections: int, seconds: float, look: Callable[[], object]
) -> PacedLoad:
    client, left, begin = _Client(port), iter(paths), time.perf_counter()
    asyncio.get_running_loop().call_later(seconds, look)

    async def ask_on() -> None:
        for path in left:
            await client.ask(path, time.perf_counter())

    await asyncio.gather(*(ask_on() for _ in range(connections)))
    return _sum_up(client, time.perf_counter() - begin)


def _sum_up(client: _Client, seconds: float) -> PacedLoad:
    client.close()
    times, late = sorted(client.times), sorted(client.late)
    middle, last, latest = (1000 * one for one in (_take(times, 0.5), _take(times, 0.99), _take(late, 0.99)))
    return PacedLoad(len(times) / seconds, middle, last, client.failed, latest)


def _take(ordered: Sequence[float], share: float) -> float:
    """Return the value below which that share of the values is."""
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]
