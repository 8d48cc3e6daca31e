"""What this process holds of memory, and the most that it has held."""

import re
import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


def held_megabytes() -> float:
    """What the process holds now; where the system does not say, the most that it has held."""
    return _of_status("VmRSS") or peak_megabytes()


def peak_megabytes() -> float:
    """The most that the process has held since it began."""
    # ru_maxrss is inherited by a new program and so may be its parent's; the record of our memory is ours.
    return _of_status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _of_status(name: str) -> float:
    if not _STATUS.exists():
        return 0.0
    found = re.search(rf"{name}:\s+(\d+) kB", _STATUS.read_text(encoding="utf-8"))
    assert found
    return int(found[1]) / 1024
