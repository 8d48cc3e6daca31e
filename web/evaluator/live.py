"""The matrix while it is looked at: a word to the browser when somebody has moved an indicator of it.

No thread waits for a listener: one is borrowed every few seconds for two small statements. What has changed
is told by its number alone; the browser then asks for its page again, as a reload would.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Router

from storage import sessions
from storage.matrix import versions_shown
from web.doors import SIGNED_IN, Doors
from web.evaluator.asking import Question
from web.evaluator.matrix import read_question
from web.pages import Pages
from web.site import Site

#: How often the database is asked, how often that is before a browser has to call again, and how many listen.
EVERY_SECONDS = 5.0
LOOKS = 120
LISTENERS = 100

#: The version of every indicator that is shown, by its id.
Versions = dict[int, int]


def add_routes(router: Router, site: Site, _pages: Pages, doors: Doors) -> None:
    """``/matrix/live``."""
    doors.add(router, "/matrix/live", Live(site, doors).listen, SIGNED_IN, ["GET"])


class Live:
    """Those who listen."""

    def __init__(self, site: Site, doors: Doors, every: float = EVERY_SECONDS, most: int = LISTENERS) -> None:
        self._site = site
        self._doors = doors
        self._every = every
        self._most = most
        self.listening = 0

    def listen(self, request: Request) -> Response:
        """A stream of what changes in the matrix that the address asks for."""
        if self.listening >= self._most:
            raise HTTPException(503)
        with self._site.store.read() as tx:
            question, _, _ = read_question(tx, self._site, request)
        stream = self.changes(question, request.cookies[self._doors.cookie])
        headers = {"X-Accel-Buffering": "no"}  # a proxy is to hand on each line as it comes
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def changes(self, question: Question, token: str) -> AsyncIterator[str]:
        """An event for each look that found something, and before each a line that says that we are there.

        It ends with the session, and when the server is told to stop.
        """
        self.listening += 1
        try:
            known = await run_in_threadpool(self._look, question, token)
            for _ in range(LOOKS):
                yield ":\n\n"
                await asyncio.sleep(self._every)
                if self._site.stopping.is_set():
                    return
                found = await run_in_threadpool(self._look, question, token)
                if known is None or found is None:
                    return
                if changed := _changed(known, found):
                    yield f"data: {json.dumps(changed)}\n\n"
                known = found
        finally:
            self.listening -= 1

    def _look(self, question: Question, token: str) -> Versions | None:
        """What is shown, to who they are now; ``None`` where nobody is signed in any more."""
        with self._site.store.read() as tx:
            session = sessions.find(tx.connection, token, self._site.clock())
            if session is None or session.code_due:
                return None
            wanted = replace(question.wanted, person=session.person)
            year, quarter, moment = question.year.year, question.quarter, question.moment
            return dict(versions_shown(tx.connection, year, quarter, wanted, moment))


def _changed(before: Versions, after: Versions) -> list[int]:
    """The indicators that moved on, came or went."""
    return sorted(dict(before.items() ^ after.items()))
