"""PDF documents: not locked, and without what a reader would run or open by itself.

A plain scan, with the objects that lie packed together in streams unpacked: what is hidden deeper is found by
the virus scanner or not at all, and is never shown by us, only handed out.
"""

import re
import zlib

from storage.inspection.files import File

#: What starts a script, a program or another file, or carries one.
_ACTIVE = ("JavaScript", "Launch", "EmbeddedFile", "GoToE", "RichMedia")
_UNPACKED = 64 * 1024 * 1024
_PIECE = 1 << 16
_DICTIONARY = 4096
_OVERLAP = 64


def _named(word: str) -> bytes:
    """A name as PDF may write it, any letter as a number: ``/J#61vaScript``."""
    return b"".join(
        f"(?:{letter}|#{ord(letter) >> 4:x}[{ord(letter) & 15:x}{ord(letter) & 15:X}])".encode()
        for letter in word
    )


_RUNS = re.compile(b"/(?:" + b"|".join(_named(word) for word in _ACTIVE) + b")")
_LOCKED = re.compile(b"/" + _named("Encrypt") + rb"\s*(?:\d+\s+\d+\s+R|<<)")
_PACKED = re.compile(b"/" + _named("ObjStm"))
_STREAM = re.compile(rb"stream\r?\n")


def check_pdf(file: File) -> None:
    """Refuse what is locked, runs, or carries files."""
    if file.holds(_LOCKED):
        raise file.refuse("evidence.protected")
    found = next(file.found(_RUNS), None)
    if found is not None:
        raise _active(file, found[1])
    left = _UNPACKED
    for place, _ in file.found(_PACKED):
        left -= _check_packed(file, place, left)


def _active(file: File, name: bytes) -> Exception:
    plain = re.sub(rb"#([0-9a-fA-F]{2})", lambda code: bytes([int(code[1], 16)]), name)
    return file.refuse("evidence.active", part=plain.decode("ascii", "replace").lstrip("/"))


def _check_packed(file: File, place: int, most: int) -> int:
    """Unpack the stream whose dictionary is there, and look at it; returns how much it was."""
    begins = _STREAM.search(file.at(place, _DICTIONARY))
    if begins is None:
        return 0
    place += begins.end()
    unpacker, total, before = zlib.decompressobj(), 0, b""
    while not unpacker.eof and (piece := file.at(place, _PIECE)):
        place += len(piece)
        while piece:
            try:
                text = unpacker.decompress(piece, _PIECE * 4)
            except zlib.error:
                return total  # packed in another way, which we cannot read
            total += len(text)
            if total > most:
                raise file.refuse("evidence.bomb")
            found = _RUNS.search(before + text)
            if found is not None:
                raise _active(file, found[0])
            before, piece = text[-_OVERLAP:], unpacker.unconsumed_tail
    return total
