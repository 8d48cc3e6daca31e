"""The name of a file that somebody sent, made harmless: it is shown on pages and written into headers."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

LONGEST = 150
_FAR_TOO_LONG = 1000
#: More marks on one letter than any script writes: Thai has a vowel and a tone mark, rarely a third.
_MARKS = 3
#: What is taken out: control characters, and the invisible ones that turn the direction of writing or hide.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: What some system takes for something else than a part of a name.
_UNSAFE = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}")

#: The endings of each media type, the usual one first.
ENDINGS = {
    "application/pdf": (".pdf",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "text/plain": (".txt", ".text", ".log", ".md"),
    "text/csv": (".csv",),
}


def ending_of(name: str) -> str:
    """The ending of a cleaned name with its dot, in small letters; nothing where it has none."""
    suffix = PurePosixPath(name).suffix
    return suffix.lower() if _ENDING.fullmatch(suffix) else ""


def clean_name(given: str) -> str:
    """A name without folders, control and bidi characters, in NFC, of at most 150 characters.

    May be empty: see :func:`named_as` for what it is called then.
    """
    # Putting very many marks in order takes very long, so that what is far too long is cut first.
    last = re.split(r"[/\\]", given)[-1]
    if len(last) > _FAR_TOO_LONG:
        last = last[:_FAR_TOO_LONG] + last[-LONGEST:]
    seen = "".join(_with_few_marks(unicodedata.normalize("NFC", last)))
    plain = _UNSAFE.sub("_", re.sub(r"\s+", " ", seen)).lstrip(". ").rstrip(". ")
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    return _shortened(plain)


def named_as(name: str, media_type: str) -> str:
    """The name with an ending that tells what the file is: cameras and chats name one picture as another."""
    known = ENDINGS.get(media_type, ())
    ending = ending_of(name)
    if not known or ending in known:
        return name or "file"
    stem = name.removesuffix(PurePosixPath(name).suffix) if _is_picture(ending) else name
    return _shortened((stem or "file") + known[0])


def disagrees(name: str, media_type: str) -> bool:
    """Whether the ending is that of something quite different: one picture named as another is no matter."""
    meant = {one for one, endings in ENDINGS.items() if ending_of(name) in endings}
    if not meant or media_type in meant:
        return False
    return not (media_type.startswith("image/") and _is_picture(ending_of(name)))


def _is_picture(ending: str) -> bool:
    return any(ending in endings for one, endings in ENDINGS.items() if one.startswith("image/"))


def _with_few_marks(text: str) -> Iterator[str]:
    """The characters that can be seen, with no more marks on a letter than a script has."""
    marks = _MARKS  # a name does not begin with one
    for character in text:
        category = unicodedata.category(character)
        if category in _UNSEEN and character not in "\t\n\r":
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= _MARKS:
            yield character


def _shortened(name: str) -> str:
    """At most so many characters, the ending kept, and no letter parted from its marks."""
    if len(name) <= LONGEST:
        return name
    suffix = PurePosixPath(name).suffix
    suffix = suffix if _ENDING.fullmatch(suffix) else ""
    end = LONGEST - len(suffix)
    while end and unicodedata.category(name[end]) in {"Mn", "Me"}:
        end -= 1
    return name[:end].rstrip(". ") + suffix
