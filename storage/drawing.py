"""The process that decodes a stranger's picture and draws it anew: ``python -m storage.drawing TYPE WIDTH``.

It reads the picture from its standard input and writes a JPEG to its standard output. It may use so much
memory and time and opens nothing; what goes beyond is ended by the kernel and not by us.
"""

import resource
import sys
from typing import BinaryIO

#: What it decodes, by the names that its library has for them.
MEDIA_TYPES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
#: The exit code for a picture that cannot be drawn, however often one tries.
CANNOT = 3

_MEMORY_BYTES = 1024 * 1024 * 1024
_CPU_SECONDS = 20
_LONGEST_BYTES = 8 * 1024 * 1024
#: A JPEG is decoded at a part of its size; the others are held whole.
_MOST_PIXELS = {"JPEG": 120_000_000, "PNG": 50_000_000, "WEBP": 50_000_000}
_QUALITY = 82


def main() -> None:
    media_type, width = sys.argv[1:]
    # Before anything of the picture is read.
    from PIL import Image, ImageFile, ImageOps  # noqa: F401, PLC0415 - nobody else needs the library

    Image.preinit()
    _confine()
    sys.exit(0 if draw(sys.stdin.buffer, sys.stdout.buffer, MEDIA_TYPES[media_type], int(width)) else CANNOT)


def _confine() -> None:
    for limit, value in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_FSIZE, _LONGEST_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        resource.setrlimit(limit, (value, value))


def draw(source: BinaryIO, target: BinaryIO, name: str, side: int) -> bool:
    """Draw the picture upright, at most so wide and high, on white; false where it cannot be decoded."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - see above

    # We ask how large it is ourselves, before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(source, formats=[name]) as picture:
            if picture.width * picture.height > _MOST_PIXELS[name]:
                return False
            picture.draft("RGB", (side, side))
            if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
                return False
            picture.thumbnail((side, side))
            upright = ImageOps.exif_transpose(picture)
            drawn = Image.new("RGB", upright.size, "white")
            if upright.has_transparency_data:
                shown = upright.convert("RGBA")
                drawn.paste(shown, mask=shown)
            else:
                drawn.paste(upright.convert("RGB"))
    except MemoryError:
        return False
    except Exception:  # noqa: BLE001 - whatever a broken picture makes of its decoder, it is not shown
        return False
    drawn.save(target, "JPEG", quality=_QUALITY, optimize=True)
    return True


if __name__ == "__main__":
    main()
