"""Office documents: what they say they are inside, and that nothing in them runs or reaches out."""

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, cast
from urllib.parse import urlsplit
from xml.parsers import expat

from storage.file_names import ENDINGS, ending_of
from storage.inspection.archives import opened, read_through, text_of
from storage.inspection.files import File

BY_ENDING = {endings[0]: one for one, endings in ENDINGS.items() if "officedocument" in one}
_MAIN = {f"{media_type}.main+xml": media_type for media_type in BY_ENDING.values()}
_TYPES = "[Content_Types].xml"
_PART = 4 * 1024 * 1024
#: What the types of parts say in which programs lie: Visual Basic, and the macros that were before it.
_MACROS = ("macroenabled", "vbaproject", "macrosheet", "vbadata")
_PROGRAM = re.compile(r"vba(project\.bin|data\.xml)$", re.IGNORECASE)
_OBJECTS = ("oleobject", "activex", "control+xml")
#: A workbook that takes its values out of another file.
_LINKS = ("externallink",)
#: Where a link may lead that nothing follows by itself.
_WEB = ("", "http", "https", "mailto", "tel")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PROGRAMS = (b"MZ", b"\x7fELF")
_ARCHIVE = b"PK\x03\x04"


def is_protected(file: File, head: bytes) -> bool:
    """Whether an office document is locked with a password: it then lies in a container of the older kind."""
    if not head.startswith(_OLE):
        return False
    place, before = 0, b""
    while piece := file.at(place, 1 << 18):
        if _ENCRYPTED in before + piece:
            return True
        place, before = place + len(piece), piece[-len(_ENCRYPTED) :]
    return False


def package_type(file: File) -> str | None:
    """What kind of office document an archive says it is inside; ``None`` for any other archive."""
    if ending_of(file.name) not in BY_ENDING and b"[Content_Types].xml" not in file.at(0, 1 << 16):
        return None
    with opened(file) as archive:
        if _TYPES not in archive.namelist():
            return None
        declared = _declared(file, archive)
    if any(mark in one for one in declared for mark in _MACROS):
        raise file.refuse("evidence.macros")
    return next((_MAIN[one] for one in declared if one in _MAIN), None)


def _declared(file: File, archive: zipfile.ZipFile) -> list[str]:
    text = text_of(file, archive, _TYPES, _PART)
    return [given.get("ContentType", "").lower() for _, given in _elements(file, text)]


def check_package(file: File) -> None:
    """Nothing in it runs, nothing is embedded but charts' own tables, nothing is fetched from elsewhere."""
    _check(file, may_hold_others=True)


def _check(file: File, *, may_hold_others: bool) -> None:
    with opened(file) as archive:
        if any(_PROGRAM.search(name) for name in archive.namelist()):
            raise file.refuse("evidence.macros")
        inside: list[str] = []

        def look(name: str, head: bytes) -> None:
            if head.startswith((_OLE, *_PROGRAMS)):
                raise file.refuse("evidence.embedded", part=name)
            if head.startswith(_ARCHIVE):
                inside.append(name)

        read_through(file, archive, look)
        _check_declared(file, _declared(file, archive))
        for name in archive.namelist():
            if name.lower().endswith(".rels"):
                _check_relationships(file, text_of(file, archive, name, _PART))
        for name in inside:
            _check_inside(file, archive, name, may_hold_others=may_hold_others)


def _check_declared(file: File, declared: list[str]) -> None:
    for marks, kind in ((_MACROS, "macros"), (_OBJECTS, "embedded"), (_LINKS, "linked")):
        if any(mark in one for one in declared for mark in marks):
            raise file.refuse(f"evidence.{kind}")


def _check_relationships(file: File, text: bytes) -> None:
    for _, given in _elements(file, text):
        kind, target = given.get("Type", "").rpartition("/")[2].lower(), given.get("Target", "")
        if kind in {"oleobject", "control", "activexcontrolbinary"}:
            raise file.refuse("evidence.embedded", part=target)
        if given.get("TargetMode", "").lower() == "external" and not _waits_for_a_click(kind, target):
            raise file.refuse("evidence.linked", target=target[:100])


def _waits_for_a_click(kind: str, target: str) -> bool:
    """A hyperlink is followed by people only; one to a file of a network gives away who follows it."""
    if kind != "hyperlink" or target.startswith(("\\\\", "//")):
        return False
    try:
        return urlsplit(target.strip()).scheme.lower() in _WEB
    except ValueError:
        return False


def _check_inside(file: File, archive: zipfile.ZipFile, name: str, *, may_hold_others: bool) -> None:
    """A chart has its table with it, as a workbook of its own; what is in that again is a matryoshka."""
    if not may_hold_others:
        raise file.refuse("evidence.bomb")
    if ending_of(name) not in BY_ENDING:
        raise file.refuse("evidence.embedded", part=name)
    with tempfile.TemporaryFile() as copy, archive.open(name) as content:
        shutil.copyfileobj(content, copy)
        inner = File.of(cast("BinaryIO", copy), file.name)
        if package_type(inner) is None:
            raise file.refuse("evidence.embedded", part=name)
        _check(inner, may_hold_others=False)


def _elements(file: File, text: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Every element with its attributes. A document type, which can blow a text up, has no place here."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()

    def no_document_type(*_: object) -> None:
        raise file.refuse("evidence.damaged")

    parser.StartElementHandler = lambda name, given: found.append((name, given))
    parser.StartDoctypeDeclHandler = no_document_type
    try:
        parser.Parse(text, True)
    except expat.ExpatError:
        raise file.refuse("evidence.damaged") from None
    return iter(found)
