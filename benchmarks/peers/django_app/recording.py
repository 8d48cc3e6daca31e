"""One durable advance as a Django programmer would write it."""

from typing import cast

from django.db import transaction
from django.db.models import Max
from django_fsm import can_proceed

from benchmarks import work
from benchmarks.peers.django_app.models import (
    Decision,
    Evidence,
    Indicator,
    Journal,
    Milestone,
    Occurrence,
    Report,
    Seal,
    Waiver,
)
from benchmarks.work import MILESTONES, YEAR, Fact, Refused


@transaction.atomic
def record(fact: Fact) -> None:
    """Read, check, fire and write one fact in one transaction."""
    indicators = Indicator.objects.select_for_update().select_related("details")
    indicator = indicators.get(code=fact.code, fiscal_year=work.FISCAL_YEAR)
    read = _read(indicator)
    quarter = work.check_guards(read, fact, YEAR)
    occurrence = Occurrence.objects.create(
        indicator_id=indicator.id,
        number=len(read.occurrences) + 1,
        milestone=fact.milestone,
        kind=fact.kind,
        counts=True,
        occurred_on=fact.occurred_on,
        quarter=quarter,
        counts_on=fact.occurred_on,
        recorded_at=fact.at,
        recorded_by=fact.by,
        document_number=fact.document,
    )
    read = read._replace(occurrences=[*read.occurrences, occurrence])
    moved = _fire(read, fact)
    levels = work.levels_of(read, fact.today, YEAR, affected_from=fact.occurred_on)
    claimed = indicator.claimed_level, levels.claimed_level
    data = work.event_of(fact, occurrence.number, quarter, moved, claimed)
    entry = work.chained(indicator.id, indicator.journal_seq + 1, fact, data, indicator.journal_head)
    Journal.objects.create(**entry._asdict())
    _write_indicator(indicator, levels, entry)


def _read(indicator: Indicator) -> work.Read:
    """Everything that belongs to the indicator, as its rules look at it."""
    own = {"indicator_id": indicator.id}
    seals = Seal.objects.filter(fiscal_year=indicator.fiscal_year)
    indicator.sealed_through = seals.aggregate(last=Max("quarter"))["last"] or 0
    list(Evidence.objects.filter(**own).order_by("number"))
    list(Report.objects.filter(**own).order_by("quarter"))
    return work.Read(
        indicator,
        list(Milestone.objects.filter(**own).order_by("key")),
        list(Occurrence.objects.filter(**own).order_by("number")),
        list(Decision.objects.filter(**own).order_by("number")),
        list(Waiver.objects.filter(**own).order_by("number")),
    )


def _fire(read: work.Read, fact: Fact) -> dict[str, tuple[str, str]]:
    """Let the fact's milestone follow what counts; its state before and after."""
    # The rules of the bench look at models as they look at rows.
    milestone = cast(Milestone, next(one for one in read.milestones if one.key == fact.milestone))
    before = milestone.state
    milestone.count = work.count_at(read, fact.today, verified=False)[milestone.key]
    if can_proceed(milestone.complete):
        milestone.complete()
    elif can_proceed(milestone.start):
        milestone.start()
    milestone.since = fact.at
    milestone.save()
    return {milestone.key: (before, milestone.state)}


def _write_indicator(indicator: Indicator, levels: work.Levels, entry: work.Entry) -> None:
    unchanged = Indicator.objects.filter(pk=indicator.pk, version=indicator.version)
    changed = unchanged.update(
        life=indicator.life,
        ladder=MILESTONES[levels.claimed_level - 1] if levels.claimed_level else "not_started",
        version=indicator.version + 1,
        journal_seq=entry.seq,
        journal_head=entry.hash,
        **levels._asdict(),
    )
    if changed != 1:
        raise Refused("somebody else changed the indicator meanwhile")
