"""A peer in processes of its own, so that no peer's threads, imports or garbage slow another."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

from benchmarks.measure import assert_left
from benchmarks.peers import Outcome, Peer
from benchmarks.size import WARM_UP
from benchmarks.work import STEPS


class Workers:
    """One or more processes, all with the same peer on the same database."""

    def __init__(self, factory: Callable[[], Peer], url: str, indicators: int, processes: int = 1) -> None:
        self._pools = [ProcessPoolExecutor(1, mp_context=get_context("spawn")) for _ in range(processes)]
        self._indicators = indicators
        self._done = 0
        try:
            self._pools[0].submit(_fill, factory, url, indicators).result()
            for pool in self._pools:
                pool.submit(_open, factory, url, indicators).result()
        except BaseException:
            self._shutdown()
            raise

    def advance(self, count: int, threads: int) -> float:
        """Do the next `count` advances on so many threads in each process; return advances per second."""
        start, stop = self._done, self._done + count
        lanes = len(self._pools) * threads
        # An indicator then always falls into the same lane, and its steps stay in order.
        assert start % lanes == count % lanes == 0
        assert stop <= len(STEPS) * self._indicators, "the indicators have no more steps to take"
        running = [
            pool.submit(_advance, start + number * threads, stop, threads, lanes)
            for number, pool in enumerate(self._pools)
        ]
        self._done = stop
        return count / max(seconds.result() for seconds in running)

    def check(self) -> str | None:
        """Raise AssertionError unless the database holds exactly what the advances must leave."""
        return assert_left(self._pools[0].submit(_outcome).result(), self._done, self._indicators)

    def close(self) -> None:
        """Close the peer in each process, and end the processes; once is enough."""
        for pool in self._pools:
            pool.submit(_close).result()
        self._shutdown()

    def _shutdown(self) -> None:
        for pool in self._pools:
            pool.shutdown()
        self._pools = []


class OnThreads:
    """Workers asked to advance on so many threads each."""

    def __init__(self, workers: Workers, threads: int = 1) -> None:
        self._workers = workers
        self._threads = threads
        self.rate(WARM_UP)

    def rate(self, count: int) -> float:
        return self._workers.advance(count, self._threads)

    def check(self) -> str | None:
        return self._workers.check()

    def close(self) -> None:
        self._workers.close()


# What follows runs in the process of a peer.

_peer: Peer
_threads: ThreadPoolExecutor | None = None


def _fill(factory: Callable[[], Peer], url: str, indicators: int) -> None:
    factory().fill(url, indicators)


def _open(factory: Callable[[], Peer], url: str, indicators: int) -> None:
    global _peer  # noqa: PLW0603  the one peer of this process
    _peer = factory()
    _peer.open(url, indicators)


def _advance(first: int, stop: int, threads: int, lanes: int) -> float:
    """Take `threads` neighbouring lanes; return the seconds from the first to the last advance."""
    began = time.perf_counter()
    if threads == 1:
        _take(first, stop, lanes)
    else:
        running = [_pool(threads).submit(_take, first + number, stop, lanes) for number in range(threads)]
        for lane in running:
            lane.result()
    return time.perf_counter() - began


def _pool(threads: int) -> ThreadPoolExecutor:
    # It stays alive between rounds, as a server's threads do, so that no round pays for new connections.
    global _threads  # noqa: PLW0603  the threads of this process
    _threads = _threads or ThreadPoolExecutor(threads)
    return _threads


def _take(start: int, stop: int, stride: int) -> None:
    advance = _peer.advance
    for i in range(start, stop, stride):
        advance(i)


def _outcome() -> Outcome:
    return _peer.outcome()


def _close() -> None:
    if _threads is not None:
        _threads.shutdown()
    _peer.close()
