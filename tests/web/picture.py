"""Draw the picture of the page that snoozes a reminder, as a phone shows it: by Chromium, from a real server.

Run as ``python -m tests.web.picture`` from the checkout (needs Thai fonts).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn

from tests import chromium
from tests.cast import found_city, new_store
from tests.web.town import SNOOZE, Town

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "snooze.png"
WIDTH, HEIGHT = 390, 1590


def main() -> None:
    """Write the picture."""
    with TemporaryDirectory() as folder:
        store = new_store(f"sqlite:///{folder}/radap.db")
        found_city(store)
        town = Town(store, Path(folder) / "evidence")
        with _served(town) as address:
            chromium.photograph(address + town.link(SNOOZE, town.remind()), PICTURE, WIDTH, HEIGHT)
        store.close()


@contextmanager
def _served(town: Town) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(town.client.app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


if __name__ == "__main__":
    main()
