"""The demo year from end to end: real indicators through the real actions into a real database."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cli import bootstrap, demo
from cli.bootstrap import House
from cli.settings import Settings
from engine import actions
from engine.explain import next_level
from engine.indicator import Indicator
from engine.levels import Basis, level_of
from engine.permissions import Role
from storage import checks, registry, schema, views
from storage.matrix import district_matrix
from tests.conftest import Postgres

ENDS = (date(2020, 12, 31), date(2021, 3, 31), date(2021, 6, 30), date(2021, 9, 30))
NOW = datetime(2021, 12, 1, 3, tzinfo=UTC)


def _house(url: str, evidence: Path) -> House:
    given = Settings()
    settings = given.model_copy(
        update={
            "database": given.database.model_copy(update={"url": url}),
            "evidence": given.evidence.model_copy(update={"folder": evidence}),
        }
    )
    return bootstrap.build(settings, lambda: NOW, new=True)


@pytest.fixture(scope="module")
def filled(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The demo year loaded once into each kind of database, to be copied by the tests."""
    folder = tmp_path_factory.mktemp("demo")
    urls = {"sqlite": f"sqlite:///{folder / 'radap.db'}", "postgresql": postgres.create()}
    for url in urls.values():
        house = _house(url, folder / "evidence")
        schema.upgrade(house.engine)
        demo.fill(house.store, house.evidence, bootstrap.catalogue(), lambda _: None)
        house.close()
    return urls


@pytest.fixture(params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, filled: dict[str, str], postgres: Postgres, tmp_path: Path
) -> Iterator[House]:
    """A house of the test's own on a copy of the demo year."""
    source = filled[request.param]
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'radap.db'}"
        shutil.copy(source.removeprefix("sqlite:///"), tmp_path / "radap.db")
    else:
        url = postgres.create(template=source)
    house = _house(url, tmp_path / "evidence")
    yield house
    house.close()
    if request.param == "postgresql":
        postgres.drop(url)


def _thung_khru(house: House) -> Indicator:
    with house.store.read() as tx:
        return tx.indicator(demo.CODE, 2021)


def _levels(indicator: Indicator, basis: Basis = Basis.CLAIMED) -> list[int]:
    return [level_of(indicator.workflow, indicator.facts, end, basis=basis).level for end in ENDS]


def _void(house: House, numbers: list[int]) -> None:
    for number in numbers:
        with house.store.begin() as tx:
            operator = registry.person(tx.connection, registry.OPERATOR_EMAIL)
            actions.void_occurrence(tx, demo.CODE, 2021, number, reason="ทดลอง", by=operator, now=NOW)


def _numbers(indicator: Indicator, milestone: str) -> dict[date | None, int]:
    return {
        one.occurred_on: one.number
        for one in indicator.occurrences
        if one.milestone == milestone and one.counts
    }


def test_demo_year_gives_the_levels_of_the_real_year_and_a_whole_history(house: House) -> None:
    indicator = _thung_khru(house)
    assert _levels(indicator) == [2, 3, 3, 5]
    assert _levels(indicator, Basis.VERIFIED) == [2, 3, 3, 5]
    assert indicator.stored.claimed_trail == (2, 3, 3, 5)
    assert indicator.reports[4].self_reported == Decimal(5)
    with house.store.read() as tx:
        assert [finding for finding in checks.levels(tx) if finding] == []
        assert [broken for _, broken in checks.journal(tx) if broken] == []


def test_level_before_a_fact_was_recorded_is_without_it(house: House) -> None:
    indicator = _thung_khru(house)
    before_the_order = datetime(2020, 11, 29, tzinfo=UTC)
    before_the_approval = datetime(2020, 12, 30, tzinfo=UTC)
    end = date(2020, 12, 31)
    assert level_of(indicator.workflow, indicator.facts, end, before_the_order).level == 0
    assert level_of(indicator.workflow, indicator.facts, end, before_the_approval).level == 0
    assert level_of(indicator.workflow, indicator.facts, end).level == 2


def test_level_4_at_the_third_quarters_end_lacks_the_choice_of_the_issue_alone(house: House) -> None:
    ahead = next_level(_thung_khru(house), date(2021, 6, 30))
    assert ahead is not None
    assert ahead.level == 4
    assert [(one.milestone, one.condition.who) for one in ahead.missing] == [
        ("issue_chosen", (Role.COORDINATOR,))
    ]


def test_voiding_the_june_meeting_changes_nothing_at_the_third_quarters_end(house: House) -> None:
    meetings = _numbers(_thung_khru(house), "meetings_held")
    _void(house, [meetings[date(2021, 6, 29)]])
    assert _levels(_thung_khru(house)) == [2, 3, 3, 5]


def test_voiding_the_orders_breaks_the_chain_until_another_mends_it(house: House) -> None:
    orders = _numbers(_thung_khru(house), "committee_appointed")
    assert set(orders) == {date(2020, 11, 30), None}
    _void(house, [orders[date(2020, 11, 30)]])
    assert _levels(_thung_khru(house)) == [1, 1, 3, 5]
    _void(house, [orders[None]])
    assert _levels(_thung_khru(house)) == [1, 1, 1, 1]


def test_every_real_indicator_is_there_once_with_what_its_page_reported(house: House) -> None:
    with house.store.read() as tx:
        cells = {
            (cell.code, year): cell
            for year in (2019, 2020, 2021, 2022, 2023)
            for cell in district_matrix(tx.connection, year)
        }
    assert len(cells) == demo.total() == 99
    # 70 in the third quarter, then a 0 that means "not reported": the 70 stands.
    assert cells["5018-0808", 2020].self_reported == Decimal(70)


def test_loading_the_demo_again_changes_nothing(house: House) -> None:
    with house.store.read() as tx:
        before = list(views.journal_ends(tx.connection))
    loaded = demo.fill(house.store, house.evidence, bootstrap.catalogue(), lambda _: None)
    with house.store.read() as tx:
        assert list(views.journal_ends(tx.connection)) == before
    assert (loaded.indicators, loaded.already_there) == (0, 99)
