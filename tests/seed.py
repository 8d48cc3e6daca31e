"""The page of Thung Khru's network in a town of tests: with the definition whose phrases read its reports."""

from datetime import date
from pathlib import Path

from cli.bootstrap import catalogue
from engine.pages.taking_in import Given, prepare
from engine.quarter import FiscalYear
from storage import registry
from storage.taking_in import city_of, take_in
from tests.cast import ADMINISTRATOR, OPERATOR, YEAR, at
from tests.web.town import Town
from workflows.catalogue import parse

PAGE = (Path(__file__).parent / "data" / "5049-2017.txt").read_text(encoding="utf-8")
#: The code of the small cast is taken by their own indicator.
IMPORTED = "5049-2018"
#: The year of the page is over.
AFTER = date(2021, 11, 1)
NETWORK = catalogue().get("civil_society_network")


def know_the_network(town: Town) -> None:
    """Keep the definition beside those of the cast, whose texts are their keys."""
    store = town.store
    small = store._parse
    store._parse = lambda text: parse(text) if text == NETWORK.source else small(text)
    with store.begin() as tx:
        registry.register_workflow(tx, NETWORK, NETWORK.source, by=OPERATOR.id, now=at(date(2020, 10, 1)))


def import_the_page(town: Town, text: str = PAGE) -> None:
    """As an administrator would, after the year."""
    with town.store.begin() as tx:
        given = Given(IMPORTED, FiscalYear(YEAR), workflow=NETWORK.key)
        city = city_of(tx.connection, [NETWORK])
        prepared = prepare(text, given, city)
        take_in(tx, city, prepared, "5049-2017.txt", text, update=False, by=ADMINISTRATOR, now=at(AFTER))
