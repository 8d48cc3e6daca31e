"""Draw the picture of a digest as a phone shows it: 390 px wide, by Chromium (needs Thai fonts).

Run as ``python -m tests.notifications.picture`` from the checkout.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from notifications import samples
from tests import chromium
from tests.notifications.mailroom import NOW, REF, composer, page_of

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "digest.png"
WIDTH, HEIGHT = 390, 1760


def main() -> None:
    """Write the picture."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "digest.html"
        source.write_text(page_of(composer().mail(samples.full_digest("th"), REF, NOW)), encoding="utf-8")
        chromium.photograph(source.as_uri(), PICTURE, WIDTH, HEIGHT)


if __name__ == "__main__":
    main()
