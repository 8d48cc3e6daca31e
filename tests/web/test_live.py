"""The matrix while it is looked at: who is told what moved, and when nobody is told any more."""

import asyncio

import pytest
from starlette.requests import Request

from engine import actions
from engine.actions import NewOccurrence
from storage import sessions
from tests.cast import EVALUATOR, MEETINGS, SAI_MAI_COORDINATOR
from tests.web.coordinators import DAY, did, enter
from tests.web.doorway import come_in
from web.doors import Doors, Visit
from web.evaluator.live import Live
from web.evaluator.matrix import read_question
from web.pages import Pages


@pytest.fixture
def live(town):
    enter(town, EVALUATOR)
    doors = Doors(town.site, Pages(town.site))
    return Live(town.site, doors, every=0.01, most=1)


def question(town, person=EVALUATOR):
    scope = {"type": "http", "query_string": b"year=2564", "headers": [], "state": {}}
    request = Request(scope)
    request.state.visit = Visit(person, "", "th", "", None, None)  # type: ignore[arg-type]  # nothing asks for a session here
    with town.store.read() as tx:
        return read_question(tx, town.site, request)[0]


def heard(live, asked, token, *meanwhile) -> list[str]:
    """What is sent while these things happen, one after each look; then nobody listens any more."""

    async def listen() -> list[str]:
        said, stream = [], live.changes(asked, token)
        for do in (*meanwhile, lambda: None):
            said.append(await anext(stream, "end"))
            if said[-1] == "end":
                break
            await asyncio.to_thread(do)
        await stream.aclose()
        return said

    return asyncio.run(listen())


def test_listener_is_told_the_number_of_what_moved(town, live):
    token = come_in(town, EVALUATOR.id)

    def move() -> None:
        did(town, actions.record_occurrence, NewOccurrence(MEETINGS, DAY, document_number="2/64"))

    assert heard(live, question(town), token, move, lambda: None) == [":\n\n", "data: [1]\n\n", ":\n\n"]
    assert live.listening == 0


def test_listener_of_another_district_is_told_nothing(town, live):
    token = come_in(town, SAI_MAI_COORDINATOR.id)

    def move() -> None:
        did(town, actions.record_occurrence, NewOccurrence(MEETINGS, DAY, document_number="2/64"))

    assert heard(live, question(town, SAI_MAI_COORDINATOR), token, move) == [":\n\n", ":\n\n"]


def test_listening_ends_with_the_session(town, live):
    token = come_in(town, EVALUATOR.id)

    def leave() -> None:
        with town.store.begin() as tx:
            sessions.end_others(tx, EVALUATOR.id, None)

    assert heard(live, question(town), token, leave) == [":\n\n", "end"]


def test_listening_ends_when_the_server_is_told_to_stop(town, live):
    token = come_in(town, EVALUATOR.id)
    assert heard(live, question(town), token, town.site.stopping.set) == [":\n\n", "end"]


def test_no_more_listen_than_may(town, live):
    live.listening = 1
    with pytest.raises(Exception, match="503"):
        live.listen(None)
