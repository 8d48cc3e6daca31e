"""How fast mails may go out: a bucket of tokens for all of them, and one for each domain."""

import threading
from dataclasses import dataclass

#: So many domains are remembered before those that have rested are forgotten.
_REMEMBERED = 1000


@dataclass(slots=True)
class _Bucket:
    """At most ``per_minute`` in any 60 seconds: a tenth of them at once when rested, the others evenly."""

    per_minute: int
    tokens: float
    at: float

    @property
    def size(self) -> int:
        return max(1, self.per_minute // 10)

    @property
    def per_second(self) -> float:
        # With a full bucket at the start, the others of the minute come one by one: size - 1 are taken off.
        return (self.per_minute - self.size + 1) / 60

    def wait(self, now: float) -> float:
        passed = max(0.0, now - self.at)
        self.tokens = min(float(self.size), self.tokens + passed * self.per_second)
        self.at = now
        # A millionth is what adding up small numbers loses: whoever has waited as told need not wait again.
        return 0.0 if self.tokens >= 1 - 1e-6 else (1 - self.tokens) / self.per_second


class Pace:
    """Limits on mails in any minute, over all and to each domain; 0 is no limit. Safe among threads.

    The limits hold for one process: what two workers send adds up.
    """

    def __init__(self, per_minute: int, per_domain_per_minute: int) -> None:
        self._per_domain = per_domain_per_minute
        self._all = _rested(per_minute, 0.0)
        self._domains: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def wait(self, domain: str, now: float) -> float:
        """0.0 when a mail to the domain may go out now, which is then counted.

        Otherwise how many seconds from ``now`` it is worth asking again; nothing is counted then. ``now``
        is in seconds of any clock; one that goes back makes nobody wait longer than a minute.
        """
        with self._lock:
            buckets = [bucket for bucket in (self._all, self._domain(domain, now)) if bucket.per_minute]
            longest = max((bucket.wait(now) for bucket in buckets), default=0.0)
            if longest == 0.0:
                for bucket in buckets:
                    bucket.tokens -= 1
            return longest

    def _domain(self, domain: str, now: float) -> _Bucket:
        if domain not in self._domains:
            if len(self._domains) >= _REMEMBERED:
                # Whoever has rested for a minute is as good as new.
                self._domains = {name: one for name, one in self._domains.items() if now - one.at < 60}
            self._domains[domain] = _rested(self._per_domain, now)
        return self._domains[domain]


def _rested(per_minute: int, now: float) -> _Bucket:
    bucket = _Bucket(per_minute, 0.0, now)
    bucket.tokens = float(bucket.size)
    return bucket
