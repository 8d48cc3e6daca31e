"""What a printed report says: every word and number ready to be read, so that templates only set them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from engine.evidence import EvidenceState, evidence_states
from engine.indicator import Indicator, Occurrence, QuarterReport, ReportState
from engine.jobs import Product
from engine.levels import Rung
from engine.permissions import Person
from engine.proving import Told, fact_told, told
from engine.scores import year_evaluation
from engine.sealing import recorded_after
from engine.standing import Stand, sentence, stand
from engine.thai_dates import to_thai_digits
from engine.wording import Wording, level_text
from notifications.phrases import Phrases
from storage.deadlines import deadlines_of_year
from storage.dossier import Dossier, dossier_of
from storage.evidence import known_files
from storage.seals import Seal, SealedLevel, sealed_levels, seals_of
from storage.transaction import Tx
from web.coordinator.views import remark_of, sealed_words
from web.site import Site

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told, in which language, on which day."""

    site: Site
    wording: Wording
    phrases: Phrases
    now: datetime

    @classmethod
    def of(cls, site: Site, product: Product, language: str) -> "Telling":
        """Official reports are Thai, whoever reads them; anything else is in the language of its reader."""
        known = language if language in site.wordings else site.language
        wording = site.wordings["th" if product is Product.PDF else known]
        return cls(site, wording, Phrases(wording), site.clock())

    @property
    def today(self) -> date:
        return self.site.store.policy.day_of(self.now)

    def digits(self, text: object) -> str:
        """A number as official papers of that language write it."""
        return to_thai_digits(str(text)) if self.wording.language == "th" else str(text)


def frame(telling: Telling, title: str, subtitle: str, by: Person, seals: Mapping[int, Seal]) -> Data:
    """What every report carries: its head, by whom and when it was made, the hashes of the year's seals."""
    wording = telling.wording
    last = seals[max(seals)].hash if seals else ""
    return {
        "lang": wording.language,
        "on": [telling.today.year, telling.today.month, telling.today.day],
        "house": telling.site.house,
        "title": title,
        "subtitle": subtitle,
        "made": wording.say("report_pdf.made", at=telling.now, name=by.name),
        "page_word": wording.say("report_pdf.page"),
        "seal_foot": wording.say("report_pdf.seal_foot", short=last[:16]) if last else "",
        "seals_head": wording.say("seals.caption"),
        "no_seal": "" if seals else wording.say("report_pdf.no_seal"),
        "seals": [
            {
                "quarter": wording.say("label.quarter_number", number=number),
                "at": wording.value(seal.sealed_at),
                "hash": seal.hash,
            }
            for number, seal in sorted(seals.items())
        ],
    }


# --- one indicator -----------------------------------------------------------------------------------------


def indicator_report(tx: Tx, telling: Telling, indicator: Indicator, by: Person) -> Data:
    """The report of one indicator, every field of the existing page and what it lacks."""
    seals = seals_of(tx.connection, indicator.fiscal_year.year)
    title, year = telling.wording.value(indicator.title), telling.wording.value(indicator.fiscal_year)
    return {
        **frame(telling, title, f"{indicator.code} · {year}", by, seals),
        "indicator": indicator_block(tx, telling, indicator),
    }


def indicator_block(tx: Tx, telling: Telling, indicator: Indicator) -> Data:
    """All that is told of one indicator, in the order of the existing page."""
    dossier = dossier_of(tx.connection, indicator)
    sealed = sealed_levels(tx.connection, indicator.id, indicator.fiscal_year.year)
    due = deadlines_of_year(tx, indicator.agency, indicator.fiscal_year)
    found = stand(indicator, indicator.fiscal_year.nearest(telling.today), None)
    say = telling.wording.say
    return {
        "code": indicator.code,
        "title": telling.wording.value(indicator.title),
        "facts": list(_facts(telling, indicator, dossier, found)),
        "standing": _standing(telling, found),
        "evaluating": _evaluating(telling, indicator),
        "quarters_head": say("page.quarters"),
        "quarter_heads": _quarter_heads(telling),
        "quarters": _quarters(telling, indicator, found, due, sealed),
        "texts_head": say("report_pdf.narratives"),
        "texts": _narratives(telling, indicator),
        "year_head": say("report_pdf.year"),
        "year": list(_year(telling, indicator, found)),
        "about": [
            {"head": say(kind), "text": text}
            for kind, text in (
                ("page.definition", dossier.details.definition),
                ("page.method", dossier.details.method),
                ("page.evidence_asked", dossier.details.evidence_asked),
            )
            if text
        ],
        "evidence_head": say("label.evidence"),
        "evidence_heads": [say("label.number"), say("label.file"), say("label.milestone"), "SHA-256"],
        "evidence": _evidence(tx, telling, indicator, found.on),
        "no_evidence": "" if indicator.evidence else say("report_pdf.no_evidence"),
        "plan_head": say("page.plan"),
        "plan": [{"code": telling.digits(one.code), "title": one.title} for one in dossier.plan],
        "ladder_head": say("level.proof"),
        "ladder": [_rung(telling, indicator, found, rung, sealed) for rung in found.claimed.rungs],
        "missing_head": say("level.missing_for", level=found.next.level) if found.next else "",
        "missing": [
            {"text": sentence(one, telling.wording), "who": _who(telling, one.condition.who, one.due_on)}
            for one in (found.next.missing if found.next else ())
        ],
        "facts_head": say("page.facts"),
        "later_facts": _after_seal(telling, indicator, sealed),
        "later_head": say("page.after_seal"),
    }


def _facts(telling: Telling, indicator: Indicator, dossier: Dossier, found: Stand) -> Iterator[list[str]]:
    """The short facts, as [label, value]; what is not known is left out."""
    say, value = telling.wording.say, telling.wording.value
    yield [say("label.target"), telling.wording.amount(indicator.target, indicator.unit)]
    yield [say("report_pdf.result"), telling.wording.amount(found.self_reported, indicator.unit)]
    kinds = [
        telling.wording.word(family, name)
        for family, name in (("kind", dossier.details.kind), ("result_kind", dossier.details.result_kind))
        if name
    ]
    if kinds:
        yield [say("label.kind"), " · ".join(kinds)]
    yield [say("page.agency"), value(dossier.agency)]
    yield [say("page.fiscal_year"), str(indicator.fiscal_year.be)]
    yield [say("page.weight"), value(indicator.weight)]
    if dossier.owner is not None:
        yield [say("role.owner"), value(dossier.owner)]
    workflow = indicator.workflow
    yield [
        say("page.workflow"),
        say("page.workflow_is", title=workflow.title, version=workflow.version),
    ]
    if dossier.responsible:
        yield [say("page.responsible"), ", ".join(one.name for one in dossier.responsible)]


def _standing(telling: Telling, found: Stand) -> list[Data]:
    """The three levels, each with its word."""
    top = found.indicator.workflow.top_level
    return [
        {
            "head": telling.wording.say(f"basis.{basis}"),
            "level": level_text(result.level, result.fraction),
            "of": telling.wording.say("page.of_top", top=top),
        }
        for basis, result in (
            ("claimed", found.claimed),
            ("verified", found.verified),
            ("projected", found.projected),
        )
    ]


def _evaluating(telling: Telling, indicator: Indicator) -> str:
    """Which quarter was evaluated last, and its scores; or which one waits."""
    say = telling.wording.say
    waiting = [
        number
        for number, one in sorted(indicator.reports.items())
        if one.state in (ReportState.SUBMITTED, ReportState.ENDORSED)
    ]
    if waiting:
        return say("report_pdf.evaluating", number=waiting[0])
    given = [(number, one.evaluation) for number, one in sorted(indicator.reports.items()) if one.evaluation]
    if not given:
        return say("report_pdf.not_evaluated")
    number, last = given[-1]
    return say(
        "report_pdf.evaluated",
        number=number,
        quality=telling.wording.value(last.quality),
        timeliness=telling.wording.value(last.timeliness),
    )


def _quarter_heads(telling: Telling) -> list[str]:
    say = telling.wording.say
    return [
        say("label.quarter"),
        say("report_pdf.result"),
        say("basis.claimed"),
        say("basis.verified"),
        say("report_pdf.score"),
        "2.1 / 2.2",
        say("label.report"),
    ]


def _quarters(
    telling: Telling,
    indicator: Indicator,
    found: Stand,
    due: Mapping[int, date],
    sealed: Mapping[int, SealedLevel],
) -> list[Data]:
    """The four quarters; what was not reported is a dash and never 0."""
    value, say = telling.wording.value, telling.wording.say
    rows = []
    for one in found.quarters:
        number = one.quarter.number
        report, kept = indicator.reports.get(number), sealed.get(number)
        given = report.evaluation if report else None
        rows.append(
            {
                "cells": [
                    say("label.quarter_number", number=number),
                    value(report.self_reported if report else None),
                    value(one.claimed),
                    value(one.verified),
                    value(given.quality if given else None),
                    f"{value(given.quality)} / {value(given.timeliness)}" if given else "–",
                    _report_words(telling, report, due[number]),
                ],
                "remark": remark_of(report, telling.wording),
                "sealed": sealed_words(kept, telling.wording),
                "corrected": _is_corrected(kept, one.claimed, one.verified),
            }
        )
    return rows


def _report_words(telling: Telling, report: QuarterReport | None, due: date) -> str:
    say = telling.wording.say
    if report is None:
        return say("report_pdf.no_report", day=due)
    state = telling.wording.word("report_state", report.state)
    if report.submitted_at is None:
        return state
    return say("report_pdf.handed_in", state=state, at=report.submitted_at)


def _is_corrected(kept: SealedLevel | None, claimed: int | None, verified: int | None) -> bool:
    return kept is not None and (kept.claimed, kept.verified) != (claimed, verified)


def _narratives(telling: Telling, indicator: Indicator) -> list[Data]:
    return [
        {"head": telling.wording.say("label.quarter_number", number=number), "text": one.narrative}
        for number, one in sorted(indicator.reports.items())
        if one.narrative
    ]


def _year(telling: Telling, indicator: Indicator, found: Stand) -> Iterator[list[str]]:
    """The year in a few lines: level, result, and what the evaluations make together."""
    say, value = telling.wording.say, telling.wording.value
    yield [say("basis.claimed"), level_text(found.claimed.level, found.claimed.fraction)]
    yield [say("basis.verified"), level_text(found.verified.level, found.verified.fraction)]
    yield [say("report_pdf.result"), telling.wording.amount(found.self_reported, indicator.unit)]
    given = year_evaluation(
        {number: one.evaluation for number, one in indicator.reports.items()},
        telling.site.store.policy.scale,
    )
    yield [say("report_pdf.quality"), value(given.quality.value)]
    yield [say("report_pdf.timeliness"), value(given.timeliness.value)]


def _evidence(tx: Tx, telling: Telling, indicator: Indicator, on: date) -> list[Data]:
    """What proves something today, with its hash; what was taken back is left out."""
    states = evidence_states(indicator, on)
    files = known_files(tx.connection, {one.sha256 for one in indicator.evidence if one.sha256})
    rows = []
    for one in indicator.evidence:
        if states[one.number] is EvidenceState.WITHDRAWN:
            continue
        definition = indicator.workflow.milestone(one.milestone)
        kept = files.get(one.sha256 or "")
        size = telling.wording.value(kept.size, "size") if kept else ""
        state = "" if states[one.number] is EvidenceState.HOLDS else telling.wording.value(states[one.number])
        rows.append(
            {
                "number": str(one.number),
                "name": one.file_name or one.link or "",
                "about": " · ".join(part for part in (size, state) if part),
                "milestone": telling.wording.value(definition.title) if definition else "",
                "hash": one.sha256 or one.link or "",
            }
        )
    return rows


def _rung(
    telling: Telling, indicator: Indicator, found: Stand, rung: Rung, sealed: Mapping[int, SealedLevel]
) -> Data:
    """A rung of the ladder with its proof; facts recorded after a seal are marked."""
    seals = {number: one.sealed_at for number, one in sealed.items()}
    level = rung.level.level
    marks = [
        telling.wording.say(f"basis.{basis}")
        for basis, result in (("claimed", found.claimed), ("verified", found.verified))
        if level <= result.level
    ]
    if level == found.target_level:
        marks.append(telling.wording.say("label.target"))
    return {
        "level": str(level),
        "title": telling.wording.value(rung.level.title),
        "met": rung.proof.met,
        "marks": " · ".join(marks),
        "lines": [
            {
                "depth": one.depth,
                "text": one.text,
                "later": telling.wording.say("page.after_seal")
                if one.fact is not None and recorded_after(one.fact, seals)
                else "",
            }
            for one in _lines(told(indicator, rung.proof, telling.wording), telling.wording)
        ],
    }


class _Line(NamedTuple):
    """A line of a proof, set in by its depth; ``fact`` is the one that it names."""

    depth: int
    text: str
    fact: Occurrence | None = None


def _lines(proof: Told, wording: Wording, depth: int = 0) -> Iterator[_Line]:
    """A proof from its rule down to its facts."""
    yield _Line(depth, proof.text)
    for fact in () if proof.parts else proof.facts:
        yield _Line(depth + 1, fact_told(fact, wording), fact)
    for part in proof.parts:
        yield from _lines(part, wording, depth + 1)


def _after_seal(telling: Telling, indicator: Indicator, sealed: Mapping[int, SealedLevel]) -> list[str]:
    seals = {number: one.sealed_at for number, one in sealed.items()}
    return [fact_told(one, telling.wording) for one in indicator.occurrences if recorded_after(one, seals)]


def _who(telling: Telling, roles: Iterable[object], due_on: date | None) -> str:
    found = list(roles)
    return telling.wording.say("missing.who", who=found, due_on=due_on) if found else ""
