"""Verdicts and appeals are kept as they were given, on both databases; old evaluations become verdicts."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, text

from engine import actions
from engine.errors import Refusal
from engine.permissions import Grant, Role
from engine.verdict import ReviewPolicy, Verdict, VerdictKind
from storage import registry, schema
from storage import tables as t
from storage.store import connect
from tests.cast import (
    CODE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    OPERATOR,
    OTHER_EVALUATOR,
    POLICY,
    SECTION_HEAD,
    YEAR,
    at,
)
from tests.storage.test_migrations import fill_first

DAY = date(2021, 1, 12)


def endorsed(tx) -> None:
    on = (tx, CODE, YEAR, 1)
    actions.write_report(*on, narrative="ประชุมแล้ว", by=COORDINATOR, now=at(DAY, 8))
    actions.submit_report(*on, by=COORDINATOR, now=at(DAY, 8))
    actions.endorse_report(*on, by=SECTION_HEAD, now=at(DAY, 9))


def test_verdicts_and_appeals_are_read_as_they_were_written(city):
    city.policy = replace(POLICY, review=ReviewPolicy(second_percent=100))
    with city.begin() as tx:
        grants = [Grant(Role.EVALUATOR)]
        added = registry.add_person(
            tx, "other@strategy.example", OTHER_EVALUATOR.name, "th", grants, by=OPERATOR.id, now=FOUNDED
        )
        assert added == OTHER_EVALUATOR.id
        endorsed(tx)
        on = (tx, CODE, YEAR, 1)
        actions.accept_report(
            *on, met=["tells_what"], quality=80, quality_reason="เกือบครบ", by=EVALUATOR, now=at(DAY, 10)
        )
        actions.read_report_again(*on, met=[], by=OTHER_EVALUATOR, now=at(DAY, 11))
        actions.make_appeal(*on, reason="ครบแล้ว", by=COORDINATOR, now=at(DAY, 12))
    with city.begin() as tx:
        actions.decide_appeal(
            tx, CODE, YEAR, 1, uphold=True, reason="จริง", quality=100, by=OTHER_EVALUATOR, now=at(DAY, 13)
        )
    with city.read() as tx:
        indicator = tx.indicator(CODE, YEAR)
        first, second, third = tx.verdicts(indicator)
        (appeal,) = tx.appeals(indicator)
    assert first == Verdict(
        number=1,
        quarter=1,
        kind=VerdictKind.ACCEPTED,
        given_at=at(DAY, 10),
        given_by=EVALUATOR.id,
        quality=80,
        timeliness=50,
        met=("tells_what",),
        proposed_quality=75,
        proposed_timeliness=50,
        quality_reason="เกือบครบ",
        drawn=True,
    )
    assert (second.kind, second.met, second.quality) == (VerdictKind.SECOND, (), 0)
    assert (third.kind, third.met, third.quality, third.drawn) == (VerdictKind.APPEAL, None, 100, False)
    assert (appeal.state, appeal.made_at, appeal.decided_by) == ("upheld", at(DAY, 12), OTHER_EVALUATOR.id)
    assert indicator.reports[1].evaluation.quality == 100


def test_what_is_refused_writes_neither_verdict_nor_appeal(city):
    with city.begin() as tx:
        endorsed(tx)
    for act in (
        lambda tx: actions.accept_report(tx, CODE, YEAR, 1, met=["x"], by=EVALUATOR, now=at(DAY)),
        lambda tx: actions.make_appeal(tx, CODE, YEAR, 1, reason="x", by=COORDINATOR, now=at(DAY)),
    ):
        with pytest.raises(Refusal), city.begin() as tx:
            act(tx)
    with city.read() as tx:
        assert tx.connection.execute(select(t.verdicts)).all() == []
        assert tx.connection.execute(select(t.appeals)).all() == []


def test_evaluations_of_an_older_schema_become_verdicts(database_url):
    engine = connect(database_url)
    fill_first(engine)
    schema.upgrade(engine)
    asked = (
        "SELECT indicator_id, quarter, evaluated_by, quality, timeliness, remark FROM reports"
        " WHERE evaluated_at IS NOT NULL ORDER BY 1, 2"
    )
    with engine.connect() as connection:
        known = [tuple(row) for row in connection.execute(text(asked))]
        v = t.verdicts.c
        kept = connection.execute(
            select(v.indicator_id, v.quarter, v.given_by, v.quality, v.timeliness, v.remark).order_by(
                v.indicator_id, v.quarter
            )
        )
        assert [tuple(row) for row in kept] == known != []
        assert {row.kind for row in connection.execute(select(v.kind))} == {"accepted"}
    engine.dispose()
