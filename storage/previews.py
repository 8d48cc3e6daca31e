"""Pictures as pages show them: decoded and drawn anew in a process that may do nothing else, then cached.

What comes out is a JPEG that we have made: no metadata, no place where it was taken, no second meaning.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from threading import BoundedSemaphore

from storage import drawing
from storage.drawing import CANNOT, MEDIA_TYPES
from storage.evidence import EvidenceStore, kept_at

MEDIA_TYPE = "image/jpeg"
#: How wide a picture may be asked for: in a list, and to be read.
WIDTHS = (240, 1600)
#: How long a drawn picture is kept; it is drawn again when it is wanted again.
_KEPT_FOR = timedelta(days=30)
#: On the wall; of processor time it has less.
_PATIENCE_SECONDS = 30
_AT_ONCE = 2
_ROOM = Path(__file__).parent.parent


class Previews:
    """Pictures of evidence; they lie in its folder, in ``.previews/``, which may be emptied at any time."""

    def __init__(self, files: EvidenceStore) -> None:
        self._files = files
        self._folder = files.folder / ".previews"
        self._drawing = BoundedSemaphore(_AT_ONCE)

    def of(self, sha256: str, media_type: str, width: int) -> Path | None:
        """The picture at most so wide and high; ``None`` where it cannot be shown."""
        if media_type not in MEDIA_TYPES or width not in WIDTHS:
            return None
        cached = self._folder / sha256[:2] / f"{sha256}-{width}.jpg"
        if not cached.exists():
            with self._drawing:
                if not cached.exists():
                    self._draw(sha256, media_type, width, cached)
        # An empty one says that it cannot be drawn, so that nobody tries again on every page.
        return cached if cached.exists() and cached.stat().st_size else None

    def _draw(self, sha256: str, media_type: str, width: int, cached: Path) -> None:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile() as copy, self._files.open(sha256) as content:
            while chunk := content.read(1 << 20):
                copy.write(chunk)
            copy.seek(0)
            handle, name = tempfile.mkstemp(dir=cached.parent)
            drawn = Path(name)
            try:
                with os.fdopen(handle, "wb") as target:
                    code = _in_a_process(copy.fileno(), target.fileno(), media_type, width)
                if code == CANNOT:
                    drawn.write_bytes(b"")
                if code in (0, CANNOT):
                    drawn.replace(cached)
            finally:
                drawn.unlink(missing_ok=True)

    def sweep(self, now: datetime) -> int:
        """Remove what was drawn long ago."""
        swept = 0
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                if kept_at(path) < now - _KEPT_FOR:
                    path.unlink()
                    swept += 1
        return swept


def _in_a_process(source: int, target: int, media_type: str, width: int) -> int:
    """Its exit code; -1 when it took too long."""
    command = [sys.executable, "-m", drawing.__name__, media_type, str(width)]
    try:
        # No environment: whoever finds a fault in a decoder finds no password there.
        return subprocess.run(  # noqa: S603 - every word of the command is ours
            command,
            stdin=source,
            stdout=target,
            stderr=subprocess.DEVNULL,
            cwd=_ROOM,
            env={},
            check=False,
            timeout=_PATIENCE_SECONDS,
        ).returncode
    except subprocess.TimeoutExpired:
        return -1
