"""Files that somebody means ill with, and harmless ones that look alike: built here, byte by byte.

Each has its name, its content, and what is said to whoever sends it: a kind of refusal, or the media type
under which it is taken.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX = f"{OFFICE}wordprocessingml.document", f"{OFFICE}spreadsheetml.sheet"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"


class Hostile(NamedTuple):
    """A file, and the answer to it."""

    name: str
    content: bytes
    answer: str


# --- pictures ---------------------------------------------------------------------------------------------


def png(width: int = 2, height: int = 2, after: bytes = b"") -> bytes:
    """A white picture; one that only says that it is large."""
    rows = b"".join(b"\0" + b"\xff" * (3 * width) for _ in range(height)) if width * height < 10_000 else b""
    head = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts) + after


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def jpeg(after: bytes = b"", comment: bytes = b"", size: tuple[int, int] = (32, 16), **more: object) -> bytes:
    """A real one, with what is put behind its end or into its comment."""
    from PIL import Image  # noqa: PLC0415 - few tests need it

    made = io.BytesIO()
    Image.new("RGB", size, "green").save(made, "JPEG", **more)
    content = made.getvalue()
    if comment:
        content = content[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + content[2:]
    return content + after


# --- office documents -------------------------------------------------------------------------------------

_MAIN = {"docx": "wordprocessingml.document", "xlsx": "spreadsheetml.sheet"}
_PART = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}


def office(
    kind: str = "docx",
    parts: Mapping[str, bytes] | None = None,
    types: str = "",
    main: str | None = None,
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A document with more parts, and more declared types."""
    declared = main or f"{OFFICE}{_MAIN[kind]}.main+xml"
    content_types = (
        '<?xml version="1.0" encoding="UTF-8"?><Types '
        'xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{_PART[kind]}" ContentType="{declared}"/>{types}</Types>'
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("[Content_Types].xml", content_types)
        archive.writestr("_rels/.rels", relationships())
        archive.writestr(_PART[kind], b"<document>words</document>")
        for name, content in (parts or {}).items():
            archive.writestr(name, content)
    return made.getvalue()


def relationships(kind: str = "officeDocument", target: str = "word/document.xml", mode: str = "") -> bytes:
    """What one part of a document points to."""
    external = f' TargetMode="{mode}"' if mode else ""
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return (
        '<?xml version="1.0"?><Relationships '
        'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{base}/{kind}" Target="{target}"{external}/></Relationships>'
    ).encode()


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """Any archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def overlapping(copies: int = 400) -> bytes:
    """A bomb whose members all lie in the same place: every entry of its directory points there."""
    whole = zipped({"[Content_Types].xml": b"0" * 1_000_000})
    end = whole.rindex(b"PK\x05\x06")
    (size, at) = struct.unpack_from("<LL", whole, end + 12)
    entry = whole[at : at + size]
    name = entry[46 : 46 + struct.unpack_from("<H", entry, 28)[0]]
    entries = b"".join(
        entry.replace(name, f"{number:0{len(name)}d}".encode() if number else name)
        for number in range(copies)
    )
    tail = bytearray(whole[end:])
    struct.pack_into("<HHLL", tail, 8, copies, copies, len(entries), at)
    return whole[:at] + entries + bytes(tail)


def many_members(count: int = 6_000) -> bytes:
    """More parts than any document has."""
    return office(parts={f"word/{number}.xml": b"x" for number in range(count)})


def ratio() -> bytes:
    """Forty megabytes of nothing, packed."""
    return office(parts={"word/media.xml": bytes(40 * 1024 * 1024)})


def nested() -> bytes:
    """A document in a document in a document."""
    inner = office("xlsx", {"xl/embeddings/a.xlsx": office("xlsx")})
    return office(parts={"word/embeddings/Microsoft_Excel_Sheet.xlsx": inner})


# --- PDF --------------------------------------------------------------------------------------------------


def pdf(inside: bytes = b"", after: bytes = b"") -> bytes:
    """A document with more in it, or behind it."""
    return PDF.replace(b"trailer", inside + b"\ntrailer") + after


def packed_pdf(inside: bytes) -> bytes:
    """The same with the objects packed together, as most programs write them."""
    stream = zlib.compress(inside)
    return pdf(
        b"5 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\r\n" % len(stream)
        + stream
        + b"\nendstream\nendobj"
    )


def encrypted_office() -> bytes:
    """What Word makes of a document with a password: its content lies in a container of the older kind."""
    return OLE + bytes(1016) + "EncryptedPackage".encode("utf-16-le") + bytes(1024)


_SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
_HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
_VBA = '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
_MACRO_DOCX = "application/vnd.ms-word.document.macroEnabled.main+xml"
_OBJECT = f'<Override PartName="/word/embeddings/o.bin" ContentType="{OFFICE}oleObject"/>'
_LINKS = "word/_rels/document.xml.rels"

#: Built when they are asked for: some are large.
FILES: Mapping[str, Callable[[], Hostile]] = {
    # what is what it says
    "pdf": lambda: Hostile("a.pdf", PDF, "application/pdf"),
    "docx": lambda: Hostile("a.docx", office(), DOCX),
    "xlsx": lambda: Hostile("a.xlsx", office("xlsx"), XLSX),
    "stored docx": lambda: Hostile("a.docx", office(method=zipfile.ZIP_STORED), DOCX),
    "jpeg": lambda: Hostile("a.jpg", jpeg(), "image/jpeg"),
    "progressive jpeg": lambda: Hostile("a.jpg", jpeg(progressive=True, size=(64, 64)), "image/jpeg"),
    "png": lambda: Hostile("a.png", png(), "image/png"),
    "text": lambda: Hostile("a.txt", "รายงานการประชุม\n".encode(), "text/plain"),
    "csv": lambda: Hostile("a.csv", "วันที่,ผล\n".encode(), "text/csv"),
    "picture under another picture's name": lambda: Hostile("a.png", jpeg(), "image/jpeg"),
    "chart with its table": lambda: Hostile(
        "a.docx", office(parts={"word/embeddings/Sheet1.xlsx": office("xlsx")}), DOCX
    ),
    "hyperlink": lambda: Hostile(
        "a.docx",
        office(parts={_LINKS: relationships("hyperlink", "https://bangkok.example", "External")}),
        DOCX,
    ),
    "picture with a film behind it": lambda: Hostile(
        "a.jpg", jpeg(after=b"\0\0\0\x18ftypmp42" + bytes(5000)), "image/jpeg"
    ),
    "picture with another behind it": lambda: Hostile("a.jpg", jpeg(after=jpeg()), "image/jpeg"),
    # what is something else
    "svg": lambda: Hostile("a.svg", _SVG, "evidence.type_forbidden"),
    "svg as png": lambda: Hostile("a.png", _SVG, "evidence.type_forbidden"),
    "svg as text": lambda: Hostile("a.txt", _SVG, "evidence.type_forbidden"),
    "html": lambda: Hostile("a.html", _HTML, "evidence.type_forbidden"),
    "html as pdf": lambda: Hostile("a.pdf", _HTML, "evidence.type_forbidden"),
    "html as text": lambda: Hostile("a.txt", b"\xef\xbb\xbf \n" + _HTML, "evidence.type_forbidden"),
    "html as csv": lambda: Hostile("a.csv", b"<script>alert(1)</script>", "evidence.type_forbidden"),
    "script as text": lambda: Hostile("a.txt", b"#!/bin/sh\nrm -rf /\n", "evidence.type_forbidden"),
    "php as text": lambda: Hostile("a.txt", b"<?php system($_GET[0]);", "evidence.type_forbidden"),
    "program as pdf": lambda: Hostile("a.pdf", b"MZ" + bytes(500), "evidence.type_forbidden"),
    "program as text": lambda: Hostile("a.txt", b"\x7fELF" + bytes(500), "evidence.type_forbidden"),
    "archive": lambda: Hostile("a.zip", zipped({"a.txt": b"a"}), "evidence.type_forbidden"),
    "archive as docx": lambda: Hostile("a.docx", zipped({"a.txt": b"a"}), "evidence.type_forbidden"),
    "old word": lambda: Hostile("a.doc", OLE + bytes(2000), "evidence.type_forbidden"),
    "pdf as docx": lambda: Hostile("a.docx", PDF, "evidence.name_disagrees"),
    "xlsx as docx": lambda: Hostile("a.docx", office("xlsx"), "evidence.name_disagrees"),
    "jpeg as pdf": lambda: Hostile("a.pdf", jpeg(), "evidence.name_disagrees"),
    # two in one
    "pdf and archive": lambda: Hostile("a.pdf", PDF + zipped({"a.txt": b"a"}), "evidence.two_in_one"),
    "archive behind a pdf's comment": lambda: Hostile(
        "a.pdf", PDF + zipped({"a.txt": b"a"}) + b"\n%%EOF\n", "evidence.two_in_one"
    ),
    "picture and archive": lambda: Hostile("a.png", png(after=zipped({"a": b"a"})), "evidence.two_in_one"),
    "picture and page": lambda: Hostile("a.jpg", jpeg(after=_HTML), "evidence.two_in_one"),
    "page in a picture's comment": lambda: Hostile("a.jpg", jpeg(comment=_HTML), "evidence.two_in_one"),
    "page behind a film": lambda: Hostile(
        "a.jpg", jpeg(after=b"\0\0\0\x18ftypmp42" + _HTML), "evidence.two_in_one"
    ),
    "picture and pdf": lambda: Hostile("a.jpg", jpeg(comment=PDF), "evidence.two_in_one"),
    "picture with something behind it": lambda: Hostile(
        "a.png", png(after=b"secret " * 100), "evidence.two_in_one"
    ),
    "program and docx": lambda: Hostile("a.docx", b"MZ" + office(), "evidence.type_forbidden"),
    "docx with a tail": lambda: Hostile("a.docx", office()[:-22] + b"x" * 200, "evidence.damaged"),
    # what runs, hides or reaches out
    "docm": lambda: Hostile("a.docm", office(main=_MACRO_DOCX), "evidence.macros"),
    "docm as docx": lambda: Hostile("a.docx", office(main=_MACRO_DOCX), "evidence.macros"),
    "macros in a docx": lambda: Hostile(
        "a.docx", office(parts={"word/vbaProject.bin": OLE + b"x"}), "evidence.macros"
    ),
    "macros under another name": lambda: Hostile(
        "a.docx", office(parts={"word/data.bin": b"x"}, types=_VBA), "evidence.macros"
    ),
    "old macros in an xlsx": lambda: Hostile(
        "a.xlsx",
        office(
            "xlsx",
            {"xl/macrosheets/sheet1.xml": b"<x/>"},
            '<Override PartName="/xl/macrosheets/sheet1.xml" '
            'ContentType="application/vnd.ms-excel.macrosheet+xml"/>',
        ),
        "evidence.macros",
    ),
    "embedded object": lambda: Hostile(
        "a.docx", office(parts={"word/embeddings/o.bin": OLE + b"x"}), "evidence.embedded"
    ),
    "declared object": lambda: Hostile(
        "a.docx", office(parts={"word/embeddings/o.bin": b"x"}, types=_OBJECT), "evidence.embedded"
    ),
    "object of a relationship": lambda: Hostile(
        "a.docx", office(parts={_LINKS: relationships("oleObject", "embeddings/o.bin")}), "evidence.embedded"
    ),
    "embedded program": lambda: Hostile(
        "a.docx", office(parts={"word/media/image1.png": b"MZ" + bytes(100)}), "evidence.embedded"
    ),
    "embedded archive": lambda: Hostile(
        "a.docx", office(parts={"word/media/image1.png": zipped({"a": b"a"})}), "evidence.embedded"
    ),
    "macros in a chart's table": lambda: Hostile(
        "a.docx",
        office(parts={"word/embeddings/s.xlsx": office("xlsx", {"xl/vbaProject.bin": b"x"})}),
        "evidence.macros",
    ),
    "template from elsewhere": lambda: Hostile(
        "a.docx",
        office(parts={_LINKS: relationships("attachedTemplate", "https://evil.example/t.dotm", "External")}),
        "evidence.linked",
    ),
    "picture from elsewhere": lambda: Hostile(
        "a.docx",
        office(parts={_LINKS: relationships("image", "https://evil.example/i.png", "External")}),
        "evidence.linked",
    ),
    "link to a network's file": lambda: Hostile(
        "a.docx",
        office(parts={_LINKS: relationships("hyperlink", "\\\\evil\\share\\a.docx", "External")}),
        "evidence.linked",
    ),
    "link to a file": lambda: Hostile(
        "a.docx",
        office(parts={_LINKS: relationships("hyperlink", "file" + ":///c:/a.exe", "External")}),
        "evidence.linked",
    ),
    "workbook of another": lambda: Hostile(
        "a.xlsx",
        office(
            "xlsx",
            {"xl/externalLinks/externalLink1.xml": b"<x/>"},
            f'<Override PartName="/xl/externalLinks/externalLink1.xml" '
            f'ContentType="{OFFICE}spreadsheetml.externalLink+xml"/>',
        ),
        "evidence.linked",
    ),
    "entities that blow up": lambda: Hostile(
        "a.docx",
        office(parts={_LINKS: b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'}),
        "evidence.damaged",
    ),
    "pdf with a script": lambda: Hostile(
        "a.pdf", pdf(b"2 0 obj\n<</S/JavaScript/JS(app.alert(1))>>\nendobj"), "evidence.active"
    ),
    "pdf with a hidden script": lambda: Hostile(
        "a.pdf", pdf(b"2 0 obj\n<</S/J#61vaScript/JS(app.alert(1))>>\nendobj"), "evidence.active"
    ),
    "pdf with a packed script": lambda: Hostile(
        "a.pdf", packed_pdf(b"2 0 <</S/JavaScript/JS(app.alert(1))>>"), "evidence.active"
    ),
    "pdf that starts a program": lambda: Hostile(
        "a.pdf", pdf(b"2 0 obj\n<</S/Launch/F(cmd.exe)>>\nendobj"), "evidence.active"
    ),
    "pdf with a file in it": lambda: Hostile(
        "a.pdf", pdf(b"2 0 obj\n<</Names<</EmbeddedFiles 3 0 R>>>>\nendobj"), "evidence.active"
    ),
    # what is locked
    "locked docx": lambda: Hostile("a.docx", encrypted_office(), "evidence.protected"),
    "locked pdf": lambda: Hostile(
        "a.pdf", PDF.replace(b"<</Root", b"<</Encrypt 9 0 R/Root"), "evidence.protected"
    ),
    # what is too much
    "bomb by ratio": lambda: Hostile("a.docx", ratio(), "evidence.bomb"),
    "bomb of many members": lambda: Hostile("a.docx", many_members(), "evidence.bomb"),
    "bomb of one place": lambda: Hostile("a.docx", overlapping(), "evidence.bomb"),
    "bomb in a bomb": lambda: Hostile("a.docx", nested(), "evidence.bomb"),
    "bomb of a pdf": lambda: Hostile("a.pdf", packed_pdf(bytes(80 * 1024 * 1024)), "evidence.bomb"),
    "picture of 50,000 x 50,000": lambda: Hostile("a.png", png(50_000, 50_000), "evidence.too_many_pixels"),
    # what is broken
    "empty file": lambda: Hostile("a.pdf", b"", "evidence.empty"),
    "jpeg cut off": lambda: Hostile("a.jpg", jpeg(size=(200, 200))[:-20], "evidence.damaged"),
    "png cut off": lambda: Hostile("a.png", png()[:-14], "evidence.damaged"),
    "docx cut off": lambda: Hostile("a.docx", office()[:-200], "evidence.damaged"),
    "old thai text": lambda: Hostile("a.txt", "ภาษาไทย".encode("cp874"), "evidence.no_text"),
    "text with a nul": lambda: Hostile("a.txt", b"a\0b", "evidence.no_text"),
    "text broken at its end": lambda: Hostile("a.txt", b"x" * 600_000 + b"\xff", "evidence.no_text"),
}

#: What a file is called by whoever sends it, and by us.
NAMES: Mapping[str, tuple[str, str]] = {
    "path": ("../../etc/รายงาน.pdf", "รายงาน.pdf"),
    "path of Windows": ("C:\\Users\\x\\รายงาน.pdf", "รายงาน.pdf"),
    "line breaks": ("a\r\nSet-Cookie: x=1\r\n.pdf", "a Set-Cookie_ x=1 .pdf"),
    "nul": ("a\0.pdf", "a.pdf"),
    "turned around": ("รายงาน\u202efdp.exe", "รายงานfdp.exe.pdf"),
    "invisible": ("ก\u200bข\ufeff.pdf", "กข.pdf"),
    "300 Thai characters": ("ก" * 300 + ".pdf", "ก" * 146 + ".pdf"),
    "cut between a letter and its mark": ("ที่" * 100 + ".pdf", "ที่" * 48 + ".pdf"),
    "leading dots": ("...htaccess", "htaccess.pdf"),
    "reserved": ("CON.pdf", "_CON.pdf"),
    "reserved without ending": ("nul", "_nul.pdf"),
    "nothing": ("", "file.pdf"),
    "only dots": ("...", "file.pdf"),
    "decomposed": ("e\u0301.pdf", "é.pdf"),
    "a tower of marks": ("ก" + "\u0e48" * 100_000 + ".pdf", "ก" + "\u0e48" * 3 + ".pdf"),
    "no ending": ("หนังสือ ที่ กท ๖๙๐๙", "หนังสือ ที่ กท ๖๙๐๙.pdf"),
    "capitals": ("รายงาน.PDF", "รายงาน.PDF"),
    "for a shell": ('a";rm -rf *|<b>.pdf', "a_;rm -rf ___b_.pdf"),
}
