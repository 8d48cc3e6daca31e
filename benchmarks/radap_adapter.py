"""The slot for Radap itself: what the benches ask of it, refused until it is plugged in."""

# ruff: noqa: ARG002  the arguments are there for whoever plugs in

from typing import NoReturn

from benchmarks.peers import Peer
from benchmarks.peers.city import City
from benchmarks.peers.machines import Machines, Model

NAME = "Radap"


class NotPluggedIn(Exception):
    """This part of Radap cannot be measured yet."""


def _refuse(part: str) -> NoReturn:
    raise NotPluggedIn(f"{part} is not plugged into benchmarks/radap_adapter.py yet")


class RadapSqlite(Peer):
    """`engine.actions.record_occurrence` on a store on SQLite; `advance` is called from up to 8 threads."""

    def fill(self, url: str, indicators: int) -> None:
        _refuse("the store on SQLite")

    def open(self, url: str, indicators: int) -> None:
        _refuse("the store on SQLite")

    def advance(self, i: int) -> None:
        _refuse("the store on SQLite")

    def outcome(self) -> list[tuple[int, str | None]]:
        _refuse("the store on SQLite")

    def close(self) -> None:
        _refuse("the store on SQLite")


class RadapPostgres(Peer):
    """The same on PostgreSQL."""

    def fill(self, url: str, indicators: int) -> None:
        _refuse("the store on PostgreSQL")

    def open(self, url: str, indicators: int) -> None:
        _refuse("the store on PostgreSQL")

    def advance(self, i: int) -> None:
        _refuse("the store on PostgreSQL")

    def outcome(self) -> list[tuple[int, str | None]]:
        _refuse("the store on PostgreSQL")

    def close(self) -> None:
        _refuse("the store on PostgreSQL")


class RadapMachines(Machines):
    """`engine.machine`: three triggers, one guard each, on one shared machine."""

    def enliven(self, model: Model) -> object:
        _refuse("the machine")

    def cycle(self, model: Model, beside: object) -> None:
        _refuse("the machine")


class RadapCity(City):
    """`storage.views` and `radap doctor` on a city of a million indicators in Radap's own tables."""

    def build(self, path: str, indicators: int) -> None:
        _refuse("the city")

    def open(self, path: str) -> None:
        _refuse("the city")

    def plain_scan(self) -> object:
        _refuse("the city")

    def level_counts(self) -> dict[int, int]:
        _refuse("the city")

    def agency_quarter(self, agency: int, quarter: int) -> int:
        _refuse("the city")

    def close(self) -> None:
        _refuse("the city")

    def recompute(self, path: str) -> int:
        _refuse("the recompute")
