"""The evidence of a milestone as a list draws it: each with its versions, and where else the file serves."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy.engine import Connection

from engine.evidence import EvidenceState, evidence_states
from engine.indicator import Evidence, Indicator
from engine.permissions import Action, Person, Subject, may
from engine.wording import Wording
from engine.workflow import Workflow
from storage.drawing import MEDIA_TYPES
from storage.evidence import Kept, Use, known_files, uses_of

_SHOWN_TEXTS = ("text/plain", "text/csv")
#: The colour of a state's tag; what holds needs none.
COLOURS: Mapping[EvidenceState, str] = {
    EvidenceState.HOLDS: "",
    EvidenceState.REPLACED: "grey",
    EvidenceState.EXPIRED: "orange",
    EvidenceState.UNFOUNDED: "red",
    EvidenceState.WITHDRAWN: "grey",
}


class EvidenceRow(NamedTuple):
    """One piece of evidence, in words. ``path`` is its own, below that of the indicator; a link has none."""

    number: int
    name: str
    path: str
    link: str
    has_thumb: bool
    has_preview: bool
    about: str  # what it is, and how large
    request: str
    attached: str  # by whom, when
    state: str  # nothing for what holds
    colour: str
    expires: str
    flags: list[str]
    older: "list[EvidenceRow]"
    is_live: bool  # may be withdrawn or replaced


def files_of(
    connection: Connection, indicator: Indicator, milestone: str | None = None
) -> tuple[Mapping[str, Kept], Mapping[str, list[Use]]]:
    """What is known of the files of the milestone, or of all, and where else they serve: two statements."""
    own = [one for one in indicator.evidence if milestone in (None, one.milestone)]
    hashes = {one.sha256 for one in own if one.sha256}
    return known_files(connection, hashes), uses_of(connection, hashes)


def evidence_rows(
    indicator: Indicator,
    milestone: str,
    files: Mapping[str, Kept],
    uses: Mapping[str, list[Use]],
    *,
    on: date,
    reader: Person,
    names: Mapping[int, str],
    wording: Wording,
) -> list[EvidenceRow]:
    """All that is attached to the milestone, older versions with what replaced them, the withdrawn last."""
    attached = [one for one in indicator.evidence if one.milestone == milestone]
    states = evidence_states(indicator, on)
    newest = [one for one in attached if states[one.number] is not EvidenceState.REPLACED]

    holder = Holder(indicator.id, indicator.agency, indicator.fiscal_year.year, indicator.workflow)

    def row(one: Evidence) -> EvidenceRow:
        return _row(indicator, one, states[one.number], files, names, wording)._replace(
            flags=list(flags_of(holder, one.number, uses.get(one.sha256 or "", []), reader, wording)),
            older=[
                row(older) for older in attached if older.number == one.replaces and _is_older(states, older)
            ],
        )

    withdrawn = EvidenceState.WITHDRAWN
    return sorted((row(one) for one in newest), key=lambda each: states[each.number] is withdrawn)


def _is_older(states: Mapping[int, EvidenceState], one: Evidence) -> bool:
    return states[one.number] is EvidenceState.REPLACED


def _row(
    indicator: Indicator,
    one: Evidence,
    state: EvidenceState,
    files: Mapping[str, Kept],
    names: Mapping[int, str],
    wording: Wording,
) -> EvidenceRow:
    file = files.get(one.sha256 or "")
    media_type = file.media_type if file else ""
    definition = indicator.workflow.milestone(one.milestone)
    asked = {each.key: each.title for each in definition.evidence} if definition else {}
    return EvidenceRow(
        number=one.number,
        name=one.file_name or one.link or "",
        path=f"/evidence/{one.number}" if file else "",
        link=one.link or "",
        has_thumb=media_type in MEDIA_TYPES,
        has_preview=media_type in MEDIA_TYPES or media_type in _SHOWN_TEXTS,
        about=wording.say("evidence_list.about", media_type=media_type, size=file.size)
        if file
        else wording.say("evidence_list.link"),
        request=wording.value(asked[one.request]) if one.request in asked else "",
        attached=wording.say("page.by_at", name=names.get(one.attached_by, ""), at=one.attached_at),
        state="" if state is EvidenceState.HOLDS else wording.value(state),
        colour=COLOURS[state],
        expires="" if one.expires_on is None else wording.say("evidence_list.expires", day=one.expires_on),
        flags=[],
        older=[],
        is_live=state in (EvidenceState.HOLDS, EvidenceState.EXPIRED, EvidenceState.UNFOUNDED),
    )


class Holder(NamedTuple):
    """The indicator at which a file is evidence."""

    id: int
    agency: int
    year: int
    workflow: Workflow


def flags_of(
    holder: Holder, number: int, uses: Iterable[Use], reader: Person, wording: Wording
) -> Iterator[str]:
    """Where else the file of that evidence serves; what the reader may not see is told without naming it."""
    unseen = 0
    for use in uses:
        if use.indicator == holder.id:
            # A newer version with the same content would be strange as well, and is told.
            if use.number == number:
                continue
            definition = holder.workflow.milestone(use.milestone)
            title = definition.title if definition else use.milestone
            yield wording.say("evidence_used.here", number=use.number, milestone=title)
        elif not may(reader, Action.VIEW, Subject(use.agency, use.owner)):
            unseen += 1
        else:
            kind = _how_far(holder, use)
            what = {"code": use.code, "year": use.fiscal_year, "agency": use.agency_name}
            yield wording.say(f"evidence_used.{kind}", what)
    if unseen:
        yield wording.say("evidence_used.unseen", count=unseen)


def _how_far(holder: Holder, use: Use) -> str:
    if use.agency != holder.agency:
        return "agency"
    return "year" if use.fiscal_year != holder.year else "indicator"
