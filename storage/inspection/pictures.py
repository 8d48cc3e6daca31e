"""Pictures: whole from the first byte to the last, of a size that can be decoded, and nothing besides."""

import re
import struct
from collections.abc import Callable
from typing import NamedTuple

from storage.inspection.files import File

#: More than the camera of a phone makes by itself, and far less than what fills a memory.
MOST_PIXELS = 120_000_000
#: What may stand behind the end of a picture without meaning anything.
_LITTLE = 16
_MOST_PARTS, _MOST_SCANS = 100_000, 500
_LOOK = 1 << 16
#: What a browser would run, or a reader would open, if it took the picture for something else.
_OTHER = re.compile(rb"<script|<!doctype|<\?php|<html[\s>]|<iframe|%PDF-", re.IGNORECASE)
#: What phones put behind the end: another picture, the film around it, their own list of such things.
_ANOTHER_PICTURE, _FILM, _LIST = b"\xff\xd8\xff", b"ftyp", b"SEFT"


class Extent(NamedTuple):
    """How large a picture is, and where it ends."""

    width: int
    height: int
    end: int


class _Cut(Exception):
    """The picture ends before it is done, or makes no sense."""


def _check(measure: Callable[[File], Extent]) -> Callable[[File], None]:
    def check(file: File) -> None:
        try:
            found = measure(file)
        except (_Cut, struct.error):
            raise file.refuse("evidence.damaged") from None
        if found.width * found.height > MOST_PIXELS:
            size = {"width": found.width, "height": found.height, "most": MOST_PIXELS // 1_000_000}
            raise file.refuse("evidence.too_many_pixels", **size)
        if found.end > file.size or not found.width or not found.height:
            raise file.refuse("evidence.damaged")
        if not _harmless(file, found.end) or file.holds(_OTHER):
            raise file.refuse("evidence.two_in_one")

    return check


def _harmless(file: File, end: int) -> bool:
    """Whether what stands behind the end of the picture is nothing, or what phones put there."""
    if len(file.at(end, _LOOK).rstrip(b"\x00\r\n ")) <= _LITTLE and file.size - end <= _LOOK:
        return True
    behind = file.at(end, 12)
    return (
        behind.startswith(_ANOTHER_PICTURE)
        or behind[4:8] == _FILM
        or file.at(max(end, file.size - 4), 4) == _LIST
    )


# --- JPEG ------------------------------------------------------------------------------------------------

_START, _STOP, _SCAN = 0xD8, 0xD9, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD8)}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
#: The end of what a scan has coded: a mark that is neither stuffing nor a restart.
_MARK = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


def _jpeg(file: File) -> Extent:
    place, width, height, scans = 2, 0, 0, 0
    for _ in range(_MOST_PARTS):
        mark = file.at(place, 4)
        if len(mark) < 2 or mark[0] != 0xFF:
            raise _Cut
        kind = mark[1]
        if kind == 0xFF:  # filling
            place += 1
        elif kind == _STOP:
            return Extent(width, height, place + 2)
        elif kind in _ALONE:
            place += 2
        else:
            (length,) = struct.unpack(">H", mark[2:])
            if kind in _FRAMES and not width:
                height, width = struct.unpack(">HH", file.at(place + 5, 4))
            place += 2 + length
            if kind == _SCAN:
                scans += 1
                found = next(file.found(_MARK, place), None)
                if found is None or scans > _MOST_SCANS:
                    raise _Cut
                place = found[0]
    raise _Cut


# --- PNG -------------------------------------------------------------------------------------------------


def _png(file: File) -> Extent:
    place = 8
    width, height = struct.unpack(">LL", file.at(16, 8))
    for _ in range(_MOST_PARTS):
        length, kind = struct.unpack(">L4s", file.at(place, 8))
        place += 12 + length
        if place > file.size:
            raise _Cut
        if kind == b"IEND":
            return Extent(width, height, place)
    raise _Cut


# --- WebP ------------------------------------------------------------------------------------------------


def _webp(file: File) -> Extent:
    (length,) = struct.unpack("<L", file.at(4, 4))
    kind, head = file.at(12, 4), file.at(20, 10)
    if len(head) < 10:
        raise _Cut
    if kind == b"VP8X":
        width = int.from_bytes(head[4:7], "little") + 1
        height = int.from_bytes(head[7:10], "little") + 1
    elif kind == b"VP8L":
        (packed,) = struct.unpack("<L", head[1:5])
        width, height = (packed & 0x3FFF) + 1, ((packed >> 14) & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", head[6:10]))
    return Extent(width, height, 8 + length + length % 2)


# --- HEIC ------------------------------------------------------------------------------------------------

_SIZE = re.compile(rb"ispe.{12}", re.DOTALL)


def _heic(file: File) -> Extent:
    place, width, height = 0, 0, 0
    for _ in range(_MOST_PARTS):
        if place >= file.size:
            return Extent(width, height, place)
        length, kind = struct.unpack(">L4s", file.at(place, 8))
        head = 8
        if length == 1:
            (length,) = struct.unpack(">Q", file.at(place + 8, 8))
            head = 16
        elif length == 0:
            length = file.size - place
        if length < head or not kind.isascii():
            raise _Cut
        if kind == b"meta":
            for found in _SIZE.findall(file.at(place, min(length, _LOOK))):
                one = struct.unpack(">LL", found[8:])
                width, height = max((width, height), one, key=lambda size: size[0] * size[1])
        place += length
    raise _Cut


check_jpeg, check_png, check_webp, check_heic = map(_check, (_jpeg, _png, _webp, _heic))
