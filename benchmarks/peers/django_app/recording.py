"""One durable advance as a Django programmer would write it."""

from django.db import transaction
from django.db.models import F
from django_fsm import can_proceed

from benchmarks.peers.django_app.models import Indicator, Journal, Milestone, Occurrence
from benchmarks.work import (
    RECORDED_AT,
    Fact,
    Refused,
    chained,
    check_guards,
    count_by_position,
    event_of,
    fraction_of,
    level_of,
)


@transaction.atomic
def record(fact: Fact) -> None:
    """Read, check, fire and write one fact in one transaction."""
    indicator = Indicator.objects.select_for_update().get(pk=fact.indicator)
    milestones = list(Milestone.objects.filter(indicator_id=fact.indicator).order_by("position"))
    recorded = list(
        Occurrence.objects.filter(indicator_id=fact.indicator).values_list("position", "document")
    )
    milestone = milestones[fact.position]
    check_guards(indicator.state, indicator.starts_on, indicator.ends_on, milestone.state, recorded, fact)

    Occurrence.objects.create(
        indicator_id=fact.indicator,
        position=fact.position,
        occurred_on=fact.occurred_on,
        recorded_at=RECORDED_AT,
        document=fact.document,
    )
    counts = count_by_position(recorded, fact)
    _fire(milestone, counts[fact.position], fact.occurred_on)
    milestone.save(update_fields=["state", "achieved_on"])
    level = level_of([each.state for each in milestones])
    head = _write_event(indicator, fact, milestone.state, level)
    _write_indicator(indicator, level, fraction_of(level, counts), head)


def _fire(milestone: Milestone, count: int, occurred_on: str) -> None:
    milestone.count = count
    milestone.begin()
    if can_proceed(milestone.achieve):
        milestone.achieve(occurred_on)


def _write_event(indicator: Indicator, fact: Fact, state: str, level: int) -> str:
    sequence = indicator.journal_length + 1
    event = event_of(fact, state, level, sequence)
    head = chained(indicator.journal_head, event)
    Journal.objects.create(
        indicator=indicator, sequence=sequence, previous=indicator.journal_head, hash=head, event=event
    )
    return head


def _write_indicator(indicator: Indicator, level: int, fraction: float, head: str) -> None:
    unchanged = Indicator.objects.filter(pk=indicator.pk, version=indicator.version)
    changed = unchanged.update(
        claimed_level=level,
        claimed_fraction=fraction,
        version=F("version") + 1,
        journal_length=indicator.journal_length + 1,
        journal_head=head,
    )
    if changed != 1:
        raise Refused("somebody else changed the indicator meanwhile")
