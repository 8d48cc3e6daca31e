"""What a file really is, by its content and not by its name: examined where it lies, before it is kept.

Nothing here holds a whole file in memory, runs anything of it, or decodes a picture.
"""

from collections.abc import Callable, Collection, Mapping
from typing import BinaryIO

import filetype

from engine.errors import Refusal
from storage.file_names import disagrees, ending_of
from storage.inspection.archives import ends_as_archive
from storage.inspection.files import File
from storage.inspection.office import BY_ENDING, check_package, is_protected, package_type
from storage.inspection.pdf import check_pdf
from storage.inspection.pictures import check_heic, check_jpeg, check_png, check_webp
from storage.inspection.texts import check_text, looks_like

UNKNOWN_TYPE = "application/octet-stream"
_HEAD = 8192  # as much as the type guesser looks at
_ZIP = "application/zip"
#: What is told apart by its name only: the content of these has no mark of its own.
_BY_NAME = {".txt": "text/plain", ".csv": "text/csv"}

_CHECKS: Mapping[str, Callable[[File], None]] = {
    "application/pdf": check_pdf,
    "image/heic": check_heic,
    "image/jpeg": check_jpeg,
    "image/png": check_png,
    "image/webp": check_webp,
    **dict.fromkeys(_BY_NAME.values(), check_text),
    **dict.fromkeys(BY_ENDING.values(), check_package),
}


def examine(content: BinaryIO, name: str, allowed: Collection[str]) -> str:
    """The media type of the content, if it is allowed and nothing is wrong with it.

    Raises :class:`~engine.errors.Refusal` with one of ``evidence.*``.
    """
    file = File.of(content, name)
    media_type = _type_of(file)
    if media_type not in allowed:
        raise _forbidden(file, media_type, allowed)
    if check := _CHECKS.get(media_type):
        check(file)
    if media_type != _ZIP and media_type not in BY_ENDING.values() and ends_as_archive(file):
        raise file.refuse("evidence.two_in_one")
    if disagrees(name, media_type):
        raise file.refuse("evidence.name_disagrees", media_type=media_type)
    return media_type


def _forbidden(file: File, media_type: str, allowed: Collection[str]) -> Refusal:
    return file.refuse("evidence.type_forbidden", media_type=media_type, allowed=sorted(allowed))


def _type_of(file: File) -> str:
    """By the first bytes of the content; the name helps only where content cannot tell."""
    head = file.at(0, _HEAD)
    ending = ending_of(file.name)
    if head.startswith(b"PK\x03\x04"):
        return package_type(file) or _ZIP
    if is_protected(file, head):
        raise file.refuse("evidence.protected")
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    guessed: str | None = looks_like(head) or filetype.guess_mime(head)
    return guessed or _BY_NAME.get(ending, UNKNOWN_TYPE)
