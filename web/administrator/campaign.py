"""A fiscal year set up at once, from a campaign file or the year before: looked at first, then written."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.carry_over import Versions
from engine.errors import Refusal, Unmet
from engine.permissions import Action
from engine.quarter import BE_OFFSET, FiscalYear
from engine.records import Difference, How, Kind
from engine.wording import Wording
from storage.choices import choices
from web import campaigns
from web.administrator.counter import Counter, by_of
from web.campaigns import Names, SetUp
from web.doors import Doors, for_city
from web.reading import Typed, plain, year_typed
from workflows.reading import DefinitionError

_PAGE = "/administration/campaign"
_EXAMPLE = Path(__file__).parents[2] / "docs" / "campaign.example.toml"
#: The longest campaign that a form brings back, in bytes: some 1,800 indicators that have texts of their own.
_LONGEST = 2_000_000
#: So many differences of a kind are shown one by one.
_SHOWN = 100
#: As much of a line is shown beside what is wrong with it.
_OF_A_LINE = 60
#: Sets the year up, or only tries it.
_Course = Callable[[bool], SetUp]


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The pages under ``/administration/campaign``."""
    room, rule = _Campaign(counter), for_city(Action.MANAGE_INDICATORS)
    doors.add(router, _PAGE, room.page, rule)
    doors.add(router, f"{_PAGE}/file", room.file, rule)
    with_file = for_city(Action.MANAGE_INDICATORS, files=True, longest=_LONGEST)
    doors.add(router, _PAGE, room.take_in, with_file, ["POST"])
    doors.add(router, f"{_PAGE}/carry-over", room.carry_over, rule, ["POST"])


class _Campaign:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def page(self, request: Request) -> Response:
        return self._asked(request, Typed({}))

    def _asked(self, request: Request, typed: Typed) -> Response:
        """Both forms; what was typed into one of them stays."""
        wording, site = self._counter.wording(request), self._counter.site
        with site.store.read() as tx:
            years = choices(tx.connection).years
        newest = max(years, default=FiscalYear.containing(site.today()).year)
        typed.fields.setdefault("from", str(newest + BE_OFFSET))
        typed.fields.setdefault("year", str(newest + 1 + BE_OFFSET))
        typed.fields.setdefault("versions", str(Versions.NEWEST))
        values = {
            "years": [(str(one + BE_OFFSET), wording.value(FiscalYear(one))) for one in years],
            "example": _EXAMPLE.exists(),
            "versions": [(str(one), wording.say(f"admin.versions_{one}"), "") for one in Versions],
        }
        return self._counter.show(request, "campaign", wording.say("admin.campaign"), values, typed)

    def file(self, request: Request) -> Response:
        """A year as a campaign file, to be edited; without a year the example that explains every key."""
        if "year" not in request.query_params and _EXAMPLE.exists():
            return _handed(_EXAMPLE.read_text(encoding="utf-8"), "campaign.example.toml")
        year = year_typed(request.query_params.get("year", ""))
        if year is None:
            raise HTTPException(404)
        text = campaigns.text_of(self._counter.site.store, year)
        return _handed(text, f"campaign-{year.be}.toml")

    # -- a file -------------------------------------------------------------------------------------

    def take_in(self, request: Request) -> Response:
        typed = Typed(request.state.form)
        text = self._text(request, typed)
        if typed.faults:
            return self._asked(request, typed)
        typed.fields["text"] = text

        def course(try_only: bool) -> SetUp:
            store, now = self._counter.site.store, self._counter.site.clock()
            return campaigns.take_in(store, text, "", by=by_of(request), now=now, try_only=try_only)

        try:
            return self._looked_at(request, typed, course, _PAGE)
        except DefinitionError as refused:
            return self._unfit(request, typed, text, refused)

    def _text(self, request: Request, typed: Typed) -> str:
        """What was sent as a file, or else typed."""
        sent = request.state.form.get("file")
        if not isinstance(sent, UploadFile) or not (sent.filename or sent.size):
            text = typed.fields.get("text", "").replace("\r\n", "\n")
        else:
            try:
                text = sent.file.read(_LONGEST + 1).decode("utf-8-sig")
            except UnicodeDecodeError:
                typed.fault("file", Unmet("admin.not_text"))
                return ""
        if len(text.encode()) > _LONGEST:
            typed.fault("file", Unmet("admin.campaign_long"))
        elif not text.strip():
            typed.fault("file", Unmet("admin.campaign_empty"))
        return text

    def _unfit(self, request: Request, typed: Typed, text: str, refused: DefinitionError) -> Response:
        """What is wrong, line by line, beside the text as it was sent."""
        wording, lines = self._counter.wording(request), text.splitlines()
        told = [
            wording.say(
                "admin.campaign_fault",
                line=one.line,
                text=lines[one.line - 1].strip()[:_OF_A_LINE] if one.line <= len(lines) else None,
                sentence=wording.say(one.kind, one.params),
            )
            for one in refused.faults
        ]
        values = {"errors": {"text": told}, "wrong_form": True, "fields": typed.fields}
        title = wording.say("admin.campaign_unfit", count=len(told))
        answer = self._counter.show(request, "campaign_unfit", title, values)
        answer.status_code = 422
        return answer

    # -- the year before ----------------------------------------------------------------------------

    def carry_over(self, request: Request) -> Response:
        typed = Typed(request.state.form)
        before, after = (self._year(typed, name) for name in ("from", "year"))
        chosen = typed.line("versions")
        versions = Versions(chosen) if chosen in set(Versions) else Versions.NEWEST
        without = [one.strip() for one in typed.text("without").splitlines() if one.strip()]
        if before is None or after is None or typed.faults:
            return self._asked(request, typed)

        def course(try_only: bool) -> SetUp:
            return campaigns.carry_over(
                self._counter.site.store,
                before,
                after,
                versions=versions,
                without=without,
                by=by_of(request),
                now=self._counter.site.clock(),
                try_only=try_only,
            )

        try:
            return self._looked_at(request, typed, course, f"{_PAGE}/carry-over")
        except Refusal as refused:
            for one in refused.conditions:
                typed.fault("without" if one.kind.startswith("agency.") else "year", one)
            return self._asked(request, typed)

    def _year(self, typed: Typed, name: str) -> FiscalYear | None:
        year = year_typed(plain(typed.fields.get(name, "")))
        if year is None:
            typed.fault(name, Unmet("admin.year_missing"))
        return year

    # -- looked at, and written ---------------------------------------------------------------------

    def _looked_at(self, request: Request, typed: Typed, course: _Course, path: str) -> Response:
        """The difference; written where it is confirmed and still the one that was looked at."""
        tried = course(True)
        confirmed = typed.fields.pop("step", "") == "write"
        expected = typed.fields.pop("expected", "")
        if confirmed and expected == tried.digest:
            course(False)
            return self._counter.to("/campaign", "campaign_written")
        wording, written = self._counter.wording(request), tried.written
        to_do = [one for one in written.differences if one.how is not How.SAME]
        values = {
            "path": f"{self._counter.site.root}{path}",
            "fields": typed.fields,
            "moved": confirmed,
            "digest": tried.digest,
            "counts": [(wording.value(how), written.count(how)) for how in How],
            "kinds": [_of_kind(kind, to_do, tried.names, wording) for kind in Kind if _some(kind, to_do)],
            "notes": _notes(tried, wording),
            "nothing": not to_do,
        }
        title = wording.say("admin.campaign_check", year=tried.year)
        return self._counter.show(request, "campaign_check", title, values)


def _handed(text: str, name: str) -> Response:
    disposition = f'attachment; filename="{name}"'
    return Response(text, media_type="application/toml", headers={"content-disposition": disposition})


def _some(kind: Kind, found: Sequence[Difference]) -> bool:
    return any(one.kind is kind for one in found)


def _notes(set_up: SetUp, wording: Wording) -> list[tuple[str, list[str]]]:
    """What does not simply go on, by what it is."""
    found: dict[str, list[str]] = {}
    for one in set_up.notes:
        found.setdefault(one.kind, []).append(campaigns.note_of(one, set_up.names, wording))
    return [
        (wording.say(f"{kind}_all", count=len(sentences)), sentences) for kind, sentences in found.items()
    ]


def _of_kind(kind: Kind, found: Sequence[Difference], names: Names, wording: Wording) -> dict[str, Any]:
    """The differences of one kind, the first of them one by one."""
    own = [one for one in found if one.kind is kind]
    return {
        "kind": wording.value(kind),
        "count": len(own),
        "rows": [
            (one.key, wording.value(one.how), campaigns.changes_of(one, names, wording))
            for one in own[:_SHOWN]
        ],
        "more": max(0, len(own) - _SHOWN),
    }
