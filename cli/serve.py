"""The command that serves the pages: `radap serve`."""

import signal
import socket
from typing import Annotated

import typer

from cli import bootstrap
from cli.bootstrap import House
from cli.desk import Desk
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
) -> None:
    """Serve the pages that mails link to, until stopped: one process, a thread for each request."""
    # Imported when they are needed: they take a moment, and no other command needs them.
    import uvicorn  # noqa: PLC0415 - see above

    from web.app import create_app  # noqa: PLC0415 - see above

    desk: Desk = ctx.obj
    app = create_app(site_of(desk.house()))
    with _listening(host, port) as listening:
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                lifespan="off",
                log_level="warning",
                # Addresses hold secrets: no log has them.
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
            )
        )

        def stop(*_: object) -> None:
            # The server answers signals by itself, but only while it runs, and sends us each once more.
            server.should_exit = True

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        desk.say("serve.started", url=_url(host, listening.getsockname()[1]))
        server.run(sockets=[listening])
    desk.say("serve.stopped")


def site_of(house: House) -> Site:
    """What the pages of a house are made from."""
    settings, zone = house.settings, house.policy.zone
    return Site(
        store=house.store,
        reminders=bootstrap.reminder_policy(settings),
        wordings={one: bootstrap.wording(one, zone) for one in bootstrap.LANGUAGES},
        clock=house.clock,
        house=settings.mail.sender_name,
        base_url=settings.web.base_url,
        language=settings.language.default,
    )


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        # The library adds the address to the reason, which the sentence names already.
        why = (getattr(error, "strerror", None) or str(error)).partition(" (")[0]
        raise refuse("serve.cannot_listen", host=host, port=port, why=why) from error


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
