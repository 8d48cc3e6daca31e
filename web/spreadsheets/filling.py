"""What is there, row by row as the sheets have it, so that people edit it and give it back."""

from collections.abc import Callable, Collection, Iterator, Mapping

from engine.permissions import Action, Person, Subject, may
from engine.quarter import FiscalYear
from engine.records import Kind, Record, Value, result_key
from storage.kept_records import Kept
from web.spreadsheets.cells import fold
from web.spreadsheets.columns import SheetKind
from web.spreadsheets.records import workflows_by_name
from web.spreadsheets.template import Offered, Said

#: What a sheet of targets says, so that one of indicators beside it does not.
_WEIGHED: Said = {"target": None, "weight": None}


class Filling:
    """The records of a year as rows of sheets of these kinds, and nothing of them in two sheets.

    Results are only of indicators whose reports the person writes.
    """

    def __init__(self, kept: Kept, year: FiscalYear, by: Person, kinds: Collection[SheetKind]) -> None:
        self._kept, self._year, self._by = kept, year, by
        self._elsewhere = _WEIGHED if SheetKind.TARGETS in kinds else {}
        self._agencies = kept.agencies
        self._workflows = workflows_by_name(kept)

    def rows(self, kind: SheetKind) -> Iterator[Said]:
        """Every row of a sheet."""
        return _ROWS[kind](self)

    @property
    def offered(self) -> Offered:
        """What cells offer to choose from: agencies and definitions by the names that people know."""
        workflows = {one.key: self._workflow(one.key) for one in self._kept.workflows.values()}
        return {
            "agency": [self._agency(one.key) or one.key for one in self._kept.of(Kind.AGENCY)],
            "workflow": list(workflows.values()),
        }

    # -- the sheets ---------------------------------------------------------------------------------------

    def _agency_rows(self) -> Iterator[Said]:
        for one in self._kept.of(Kind.AGENCY):
            yield {**one.fields, "parent": self._agency(one.fields.get("parent"))}

    def _plan_rows(self) -> Iterator[Said]:
        for one in sorted(self._kept.of(Kind.PLAN_NODE), key=lambda one: _in_order(one.key)):
            yield {"code": one.key, **one.fields}

    def _person_rows(self) -> Iterator[Said]:
        for one in self._kept.of(Kind.PERSON):
            roles = one.fields.get("roles")
            for held in roles if isinstance(roles, tuple) else ():
                role, _, at = held.partition("@")
                yield {"email": one.key, **one.fields, "role": role, "agency": self._agency(at or None)}

    def _indicator_rows(self) -> Iterator[Said]:
        for one in self._kept.of(Kind.INDICATOR):
            names = {name: self._agency(one.fields.get(name)) for name in ("agency", "owner")}
            workflow = self._workflow(str(one.fields["workflow"]))
            yield {**self._known(one), **one.fields, **names, "workflow": workflow, **self._elsewhere}

    def _target_rows(self) -> Iterator[Said]:
        for one in self._kept.of(Kind.INDICATOR):
            yield {**self._known(one), "target": one.fields["target"], "weight": one.fields["weight"]}

    def _result_rows(self) -> Iterator[Said]:
        for one in self._kept.of(Kind.INDICATOR):
            if not may(self._by, Action.WRITE_REPORT, self._subject(one)):
                continue
            for quarter in (1, 2, 3, 4):
                found = self._kept.records.get((Kind.RESULT, result_key(one.key, quarter)))
                yield {**self._known(one), **(found.fields if found else {}), "quarter": quarter}

    # -- the words in them --------------------------------------------------------------------------------

    def _known(self, one: Record) -> dict[str, Value]:
        return {
            "year": self._year.year,
            "code": one.key,
            "title": one.fields["title"],
            "agency": self._agency(one.fields["agency"]),
        }

    def _subject(self, one: Record) -> Subject:
        at, owner = (self._kept.id_of(Kind.AGENCY, one.fields[name]) for name in ("agency", "owner"))
        return Subject(at, owner)

    def _agency(self, key: Value) -> str | None:
        """An agency by its name, or by its key where another has the same name."""
        if key is None:
            return None
        name = str(self._kept.records[Kind.AGENCY, str(key)].fields["name"])
        return name if self._agencies.find(name) == key else str(key)

    def _workflow(self, key: str) -> str:
        title = next(one.title.th for one in self._kept.workflows.values() if one.key == key)
        return title if self._workflows.get(fold(title)) == key else key


def _in_order(code: str) -> list[tuple[bool, int, str]]:
    return [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in code.split(".")]


_ROWS: Mapping[SheetKind, Callable[[Filling], Iterator[Said]]] = {
    SheetKind.AGENCIES: Filling._agency_rows,  # noqa: SLF001 - the table of its own methods
    SheetKind.PLAN: Filling._plan_rows,  # noqa: SLF001 - as above
    SheetKind.PEOPLE: Filling._person_rows,  # noqa: SLF001 - as above
    SheetKind.INDICATORS: Filling._indicator_rows,  # noqa: SLF001 - as above
    SheetKind.TARGETS: Filling._target_rows,  # noqa: SLF001 - as above
    SheetKind.RESULTS: Filling._result_rows,  # noqa: SLF001 - as above
}
