"""What every page about one indicator is made from, read in one snapshot, and what all of them do alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from engine.actions import Outcome
from engine.errors import Refusal
from engine.indicator import Indicator
from engine.permissions import Action, Person, may
from engine.petition import Petition
from engine.quarter import FiscalYear
from engine.standing import Stand, stand
from engine.wording import Wording
from engine.workflow import MilestoneDefinition
from notifications.phrases import Phrases
from storage.blind import hidden_at, without_scores
from storage.dossier import Dossier, dossier_of
from storage.transaction import Tx
from web.doors import Place, Visit
from web.pages import Pages
from web.reading import Typed, whole_number
from web.site import Site

_Done = TypeVar("_Done")

#: What a page may say was done before it was opened, and whether a level is told with it.
_DONE = frozenset(
    {
        "recorded",
        "planned",
        "undated",
        "approved",
        "voided",
        "corrected",
        "achieved",
        "verified",
        "returned",
        "reopened",
        "blocked",
        "resumed",
        "postponed",
        "waived",
        "attached",
        "withdrawn",
        "asked",
        "granted",
        "declined",
        "taken_back",
        "saved",
        "endorsed",
        "accepted",
        "read_again",
        "appealed",
        "upheld",
        "dismissed",
        "report_returned",
        "facts_read",
        "facts_read_before",
        "proposal_accepted",
        "proposals_accepted",
        "proposal_refused",
        "imported",
        "imported_again",
    }
)


@dataclass(frozen=True)
class Scene:
    """One indicator, on the day on which somebody looks at it, with who looks."""

    visit: Visit
    place: Place
    indicator: Indicator
    on: date
    known_at: datetime | None
    dossier: Dossier
    petitions: list[Petition]
    today: date
    wording: Wording
    phrases: Phrases
    read: Any  # what the page itself asked for besides
    hidden: frozenset[int]  # the quarters whose scores whoever looks is not shown: they may read them again

    @cached_property
    def found(self) -> Stand:
        """Where the indicator stands, computed by whoever asks first."""
        return stand(self.indicator, self.on, self.known_at)

    @property
    def base(self) -> str:
        """The path of the indicator's page."""
        return path_of(self.indicator.fiscal_year.be, self.indicator.code)

    def may(self, action: Action) -> bool:
        """Whether whoever looks may do that here."""
        return may(self.visit.person, action, self.place.subject)

    def name(self, person: int | None) -> str:
        """Who did something; nothing for nobody."""
        return self.wording.word("person_name", self.dossier.names.get(person, "")) if person else ""

    def milestone(self, key: str) -> MilestoneDefinition:
        """The milestone of a path; one that there is not leads nowhere."""
        definition = self.indicator.workflow.milestone(key)
        if definition is None:
            raise HTTPException(404)
        return definition


def path_of(year: int, code: str) -> str:
    """The path of an indicator's page; ``year`` is that of the Buddhist Era."""
    return f"/indicators/{year}/{quote(code, safe='')}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One action under way: the open transaction, the indicator, and what every action takes."""

    tx: Tx
    code: str
    year: int
    by: Person
    now: datetime


class Counter:
    """What the rooms of this folder share: pages are shown here, and things are done here."""

    def __init__(self, site: Site, pages: Pages) -> None:
        self.site = site
        self._pages = pages

    def wording(self, request: Request) -> Wording:
        return self._pages.wording(request)

    def phrases(self, request: Request) -> Phrases:
        return self._pages.phrases(request)

    def piece(self, template: str, **values: Any) -> Markup:
        return self._pages.piece(f"coordinator/{template}", **values)

    def base(self, request: Request) -> str:
        """The path of the indicator's page, without reading the indicator."""
        place: Place = request.state.place
        return path_of(FiscalYear(place.year).be, place.code)

    def scene(
        self,
        request: Request,
        more: Callable[[Tx, Indicator], object] = lambda _tx, _indicator: None,
        on: date | None = None,
        known_at: datetime | None = None,
    ) -> Scene:
        """The indicator of the path as it stands now, or on a day of its year as known at an instant.

        ``more`` reads what else a page needs of it.
        """
        place: Place = request.state.place
        visit: Visit = request.state.visit
        today = self.site.today()
        with self.site.store.read() as tx:
            indicator = tx.indicator(place.code, place.year)
            hidden = hidden_at(tx.connection, visit.person, indicator.id)
            without_scores(indicator, hidden)
            dossier = dossier_of(tx.connection, indicator)
            petitions = tx.petitions(indicator)
            read = more(tx, indicator)
        return Scene(
            visit=visit,
            place=place,
            indicator=indicator,
            on=on or indicator.fiscal_year.nearest(today),
            known_at=known_at,
            dossier=dossier,
            petitions=petitions,
            today=today,
            wording=self.wording(request),
            phrases=self.phrases(request),
            read=read,
            hidden=hidden,
        )

    def do(self, request: Request, typed: Typed, act: Callable[[Turn], _Done], **fields: str) -> _Done | None:
        """Do something to the indicator of the path in one transaction.

        Nothing is done when the form is at fault, also when that is found while the act reads it; ``typed``
        then says what is wrong with it. ``fields`` says where this form's differ (:meth:`Typed.blame`).
        """
        if typed.faults:
            return None
        place: Place = request.state.place
        visit: Visit = request.state.visit
        try:
            with self.site.store.begin() as tx:
                done = act(Turn(tx, place.code, place.year, visit.person, self.site.clock()))
                if typed.faults:
                    raise Refusal(())
        except Refusal as refusal:
            typed.blame(refusal, **fields)
            return None
        return done

    def show(
        self, request: Request, template: str, scene: Scene, values: Mapping[str, Any], status: int = 200
    ) -> Response:
        """A page about the indicator; what was typed and what is wrong with it stand beside each other."""
        typed = values.get("typed")
        shown = {
            "current": "indicators",
            "base": self.site.root + scene.base,
            "code": scene.indicator.code,
            "indicator_title": scene.wording.value(scene.indicator.title),
            "version": scene.indicator.version,
            "done": done_of(request, scene.wording),
            **values,
        }
        if isinstance(typed, Typed):
            errors = typed.errors(scene.wording)
            shown |= {"fields": typed.fields, "errors": errors, "wrong_form": bool(errors)}
            status = 422 if errors else status
        return self._pages.show(request, _place_of(template), shown, status)

    def page(self, request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> Response:
        """A page about no indicator in particular."""
        done = done_of(request, self.wording(request))
        return self._pages.show(request, _place_of(template), {"done": done, **values}, status)

    def to(self, path: str, done: str = "", outcome: Outcome | None = None) -> Response:
        """On to another page, which says what was done and what it did to the level."""
        said: dict[str, str | int] = {"done": done} if done else {}
        if outcome is not None and outcome.before.claimed.level != outcome.after.claimed.level:
            said |= {"from": outcome.before.claimed.level, "to": outcome.after.claimed.level}
        path, _, anchor = path.partition("#")
        address = f"{path}?{urlencode(said)}" if said else path
        return RedirectResponse(self.site.root + address + (f"#{anchor}" if anchor else ""), 303)


def _place_of(template: str) -> str:
    """Where a template lies: without a folder, beside the others of this one."""
    return template if "/" in template else f"coordinator/{template}"


def done_of(request: Request, wording: Wording) -> list[str]:
    """What the address says was done: only words of ours and small numbers come from it."""
    done = request.query_params.get("done", "")
    if done not in _DONE:
        return []
    sentences = [wording.say(f"done_now.{done}")]
    before, after = (whole_number(request.query_params.get(name, ""), 3) for name in ("from", "to"))
    if before is not None and after is not None:
        kind = "done_now.level_up" if after > before else "done_now.level_down"
        sentences.append(wording.say(kind, before=before, after=after))
    return sentences
