"""Zip archives within bounds: looked at before they are opened, and read through to see what is in them."""

import struct
import zipfile
import zlib
from collections.abc import Callable

from storage.inspection.files import File

#: More than any document of an office has.
MEMBERS = 5_000
UNPACKED = 300 * 1024 * 1024
#: From this size on no more than so many times what lies in the archive.
_SUSPICIOUS, _RATIO = 16 * 1024 * 1024, 200
_DIRECTORY = 2 * 1024 * 1024
_COMMENT = 64
_PIECE = 1 << 16
_HEADER = 30
_END, _END_SIZE, _MOST_COMMENT = b"PK\x05\x06", 22, 65_535
_LOCATOR, _LOCATOR_SIZE, _END64_SIZE = b"PK\x06\x07", 20, 56
_ENTRY = b"PK\x01\x02"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

#: What reading a damaged archive raises.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, struct.error)


def ends_as_archive(file: File) -> bool:
    """Whether a reader of zip archives, which looks from the end, would find one in the file."""
    end, size = _directory(file)
    return end >= 0 and size > 0 and file.at(end - size, 4) == _ENTRY


def _directory(file: File) -> tuple[int, int]:
    """Where the directory of an archive ends and how long it says it is; -1 where there is none."""
    tail_at = max(0, file.size - _END_SIZE - _MOST_COMMENT)
    tail = file.at(tail_at, _END_SIZE + _MOST_COMMENT)
    found = tail.rfind(_END)
    if found < 0 or len(tail) - found < _END_SIZE:
        return -1, 0
    end, size = tail_at + found, struct.unpack_from("<L", tail, found + 12)[0]
    if end >= _LOCATOR_SIZE and file.at(end - _LOCATOR_SIZE, 4) == _LOCATOR:
        end -= _LOCATOR_SIZE + _END64_SIZE
        large = file.at(max(0, end), _END64_SIZE)
        size = struct.unpack_from("<Q", large, 40)[0] if len(large) == _END64_SIZE else 0
    return end, int(size)


def opened(file: File) -> zipfile.ZipFile:
    """The archive, its directory read and within bounds."""
    end, size = _directory(file)
    # The directory is held in memory, so how long it is must be known before.
    if end < 0 or size > _DIRECTORY:
        raise file.refuse("evidence.damaged" if end < 0 else "evidence.bomb")
    try:
        archive = zipfile.ZipFile(file.content)
    except BROKEN:
        raise file.refuse("evidence.damaged") from None
    _check_directory(file, archive, end - size)
    return archive


def _check_directory(file: File, archive: zipfile.ZipFile, directory_at: int) -> None:
    """Every member lies where the archive begins, behind one another, and is packed as offices pack."""
    members = sorted(archive.infolist(), key=lambda one: one.header_offset)
    names = {one.filename for one in members}
    if len(members) > MEMBERS:
        raise file.refuse("evidence.bomb")
    if any(one.flag_bits & 1 for one in members):
        raise file.refuse("evidence.protected")
    if len(names) < len(members) or any(_leads_out(name) for name in names):
        raise file.refuse("evidence.damaged")
    if any(one.compress_type not in _METHODS for one in members):
        raise file.refuse("evidence.damaged")
    if not members or members[0].header_offset != 0 or len(archive.comment) > _COMMENT:
        raise file.refuse("evidence.two_in_one")
    ends = [one.header_offset for one in members[1:]] + [directory_at]
    for one, next_at in zip(members, ends, strict=True):
        if one.header_offset + _HEADER + one.compress_size > next_at:
            raise file.refuse("evidence.bomb")  # members that share their bytes


def _leads_out(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in name.split("/")


def read_through(file: File, archive: zipfile.ZipFile, look: Callable[[str, bytes], None]) -> None:
    """Unpack every member without keeping it, and let its beginning be looked at.

    What unpacks to more than the bounds is refused when it gets there, whatever its headers say.
    """
    total, most = 0, min(UNPACKED, max(_SUSPICIOUS, file.size * _RATIO))
    try:
        for member in archive.infolist():
            if member.is_dir():
                continue
            with archive.open(member) as content:
                piece = content.read(_PIECE)
                look(member.filename, piece)
                while piece:
                    total += len(piece)
                    if total > most:
                        raise file.refuse("evidence.bomb")
                    piece = content.read(_PIECE)
    except BROKEN:
        raise file.refuse("evidence.damaged") from None


def text_of(file: File, archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A small member whole."""
    try:
        with archive.open(name) as content:
            found = content.read(most + 1)
    except BROKEN:
        raise file.refuse("evidence.damaged") from None
    if len(found) > most:
        raise file.refuse("evidence.bomb")
    return found
