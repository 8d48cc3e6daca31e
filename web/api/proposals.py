"""The facts that reports propose, for programs: told, read again, accepted, changed and refused."""

from collections.abc import Iterator

from starlette.exceptions import HTTPException

from engine import actions
from engine.actions import NewOccurrence, Outcome
from engine.actions.proposals import as_fact
from engine.permissions import Action
from engine.proposed import Proposed
from storage.transaction import Tx
from web.api import bodies
from web.api.operation import Call, Operation, Tagged
from web.api.shapes import Done, pieces
from web.coordinator.scene import Counter, Scene
from web.doors import SEEN, doing

_PAGE = "/indicators/{year}/{code}/proposals"
_RULE = doing(Action.RECORD)


def operations(counter: Counter) -> Iterator[Operation]:
    """What is read of proposals and done about them."""
    here = _Proposals(counter)
    yield Operation(
        "list_proposals",
        "GET",
        _PAGE,
        SEEN,
        "What the reports propose as facts, each with the words it was read from.",
        reads=here.all,
        gives=pieces.Proposals,
    )
    yield Operation(
        "get_proposal",
        "GET",
        f"{_PAGE}/{{number}}",
        _RULE,
        "One of them.",
        reads=here.one,
        gives=pieces.Proposal,
    )
    yield Operation(
        "propose_facts", "POST", f"{_PAGE}/read", _RULE, "Read the reports again.", acts=_read, gives=Done
    )
    yield Operation(
        "accept_certain_proposals",
        "POST",
        f"{_PAGE}/accept",
        _RULE,
        "Accept all about which nothing is in doubt.",
        writes=_accept_certain,
        gives=pieces.AcceptedProposals,
        more="Takes no `If-Match`: what is in doubt, or no longer open, stays as it is.",
    )
    yield Operation(
        "accept_proposal",
        "POST",
        f"{_PAGE}/{{number}}/accept",
        _RULE,
        "Make it a fact, as proposed or with something of it changed.",
        acts=_accept,
        takes=bodies.ChangedProposal,
        gives=Done,
    )
    yield Operation(
        "refuse_proposal",
        "POST",
        f"{_PAGE}/{{number}}/refuse",
        _RULE,
        "Say that it is no fact.",
        acts=_refuse,
        takes=bodies.PerhapsReasoned,
        gives=Done,
    )


class _Proposals:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def all(self, call: Call) -> Tagged:
        scene = self._counter.scene(call.request, lambda tx, one: (tx.proposals(one), tx.imported_pages(one)))
        proposed, imported = scene.read
        items = [_told(scene, one) for one in proposed]
        pages = [pieces.ImportedPage.model_validate(one) for one in imported]
        return Tagged(pieces.Proposals(items=items, pages=pages), scene.indicator.version)

    def one(self, call: Call) -> Tagged:
        scene, number = self._counter.scene(call.request, lambda tx, one: tx.proposals(one)), call.number()
        found = next((one for one in scene.read if one.number == number), None)
        if found is None:
            raise HTTPException(404)
        return Tagged(_told(scene, found), scene.indicator.version)


def _told(scene: Scene, one: Proposed) -> pieces.Proposal:
    why = [scene.wording.say(reason.kind, reason.params) for reason in one.why]
    told = {name: getattr(one, name) for name in ("is_certain", "is_contradicted", "needs_day")}
    return pieces.Proposal.model_validate({**one._asdict(), **told, "why": why})


def _read(call: Call, tx: Tx) -> Outcome:
    return actions.propose_facts(tx, call.place.code, call.place.year, **call.common)


def _accept_certain(call: Call, tx: Tx) -> pieces.AcceptedProposals:
    done = actions.accept_proposals(
        tx, call.place.code, call.place.year, only_certain=True, by=call.by, now=call.now
    )
    return pieces.AcceptedProposals(
        accepted=list(done.accepted),
        refused=[
            pieces.RefusedProposal(number=number, sentences=call.wording.refusal(refusal))
            for number, refusal in done.refused
        ],
    )


def _accept(call: Call, tx: Tx) -> Outcome:
    on, number = (tx, call.place.code, call.place.year), call.number()
    changes = bodies.given(call.given)
    changed: NewOccurrence | None = None
    one = next((each for each in tx.proposals(tx.indicator(*on[1:])) if each.number == number), None)
    if changes and one is not None:
        changed = as_fact(one, changes)
    return actions.accept_proposal(*on, number, changed=changed, **call.common)


def _refuse(call: Call, tx: Tx) -> Outcome:
    on = (tx, call.place.code, call.place.year, call.number())
    return actions.refuse_proposal(*on, reason=call.given.reason, **call.common)
