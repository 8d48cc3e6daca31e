"""The command that serves the pages: `radap serve`."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated

import typer

from cli import worker
from cli.bootstrap import keep_what_is_there
from cli.desk import Desk
from cli.post import PostOffice
from cli.site import site_of
from engine.errors import refuse
from web.site import Site

#: So long whoever is being answered keeps the server when it is told to stop.
_LAST_ANSWERS_SECONDS = 10


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="On which address.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="On which port; 0 takes any.")
    ] = 8000,
    with_worker: Annotated[
        bool, typer.Option("--worker", help="Remind and deliver as well, in the same process.")
    ] = False,
) -> None:
    """Serve the pages, until stopped: one process, a thread for each request."""
    desk: Desk = ctx.obj
    with listening_on(host, port) as listening:
        until_stopped(desk, site_of(desk.house()), listening, with_worker=with_worker)


def until_stopped(desk: Desk, site: Site, listening: socket.socket, *, with_worker: bool) -> None:
    """Serve a site, and remind beside it if that is wanted, until the process is told to stop."""
    # Imported when they are needed: they take a moment, and no other command needs them.
    import uvicorn  # noqa: PLC0415 - see above

    from web.app import create_app  # noqa: PLC0415 - see above

    trusted = list(desk.settings.web.trusted_proxies)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(site),
            lifespan="off",
            log_level="warning",
            # Addresses hold secrets: no log has them.
            access_log=False,
            server_header=False,
            proxy_headers=bool(trusted),
            forwarded_allow_ips=trusted,
            timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
        )
    )

    def stop(*_: object) -> None:
        # The server answers signals by itself, but only while it runs, and sends us each once more.
        site.stopping.set()
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    keep_what_is_there(desk.house())
    desk.say("serve.started", url=address_of(listening))
    with _working(desk, site) if with_worker else nullcontext():
        server.run(sockets=[listening])
    desk.say("serve.stopped")


@contextmanager
def _working(desk: Desk, site: Site) -> Iterator[None]:
    """A worker on a thread of its own: in one process its writes queue with those of the pages."""
    office, stopping = PostOffice(desk.house()), threading.Event()
    worker.tell_broken(desk, office)
    thread = threading.Thread(target=worker.until_stopped, args=(desk, office, site, stopping), name="worker")
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        office.close()


def listening_on(host: str, port: int) -> socket.socket:
    """A socket that listens there; refused (``serve.cannot_listen``) where that is not possible."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        # The library adds the address to the reason, which the sentence names already.
        why = (getattr(error, "strerror", None) or str(error)).partition(" (")[0]
        raise refuse("serve.cannot_listen", host=host, port=port, why=why) from error


def address_of(listening: socket.socket) -> str:
    """The address that a browser on this machine opens."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
