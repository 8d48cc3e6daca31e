"""The prepared statements turn values exactly as the toolkit's own types do."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import Boolean, Date
from sqlalchemy.dialects import sqlite

from storage.statements import _TURNS
from storage.types import Exact, Instant

VALUES = {
    Boolean: [True, False],
    Date: [date(2020, 12, 31), date(1, 1, 1), date(9999, 12, 31)],
    Exact: [Decimal("0"), Decimal("-1407.5200"), Decimal("1E+3")],
    Instant: [
        datetime(2020, 12, 31, 23, 59, 59, 999999, UTC),
        datetime(2021, 1, 1, tzinfo=timezone(timedelta(hours=7))),
    ],
}


@pytest.mark.parametrize("kind", VALUES)
def test_turns_are_those_of_the_toolkit(kind):
    dialect = sqlite.dialect()
    of = kind().dialect_impl(dialect)
    bind, result = of.bind_processor(dialect), of.result_processor(dialect, None)
    into, out = _TURNS[kind]

    for value in VALUES[kind]:
        kept = into(value)
        assert kept == bind(value)
        assert out(kept) == result(kept) == value


def test_every_kind_of_value_is_tried():
    assert set(VALUES) == set(_TURNS)
