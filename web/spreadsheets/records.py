"""Lines made into records of the city: what each sheet says, held together where two say it of one thing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.errors import Refusal
from engine.faults import Fault, Path
from engine.guards import not_permitted
from engine.nearest import nearest
from engine.permissions import Action, Person, Subject, may
from engine.quarter import FiscalYear
from engine.records import Agencies, Kind, Name, Record, Value, result_key
from engine.roles import AT_AN_AGENCY
from notifications import addresses
from storage.kept_records import Kept, role_of
from web.spreadsheets.cells import fold
from web.spreadsheets.columns import SheetKind
from web.spreadsheets.reading import Line

Fields = dict[str, Value]
#: Columns that say what their fields say, and name nothing else.
_AS_SAID: Mapping[SheetKind, tuple[str, ...]] = {
    SheetKind.AGENCIES: ("code", "name", "name_en", "kind"),
    SheetKind.PLAN: ("title",),
    SheetKind.PEOPLE: ("name", "language"),
    SheetKind.INDICATORS: (
        "title",
        "title_en",
        "unit",
        "target",
        "weight",
        "kind",
        "result_kind",
        "definition",
        "method",
        "evidence_asked",
    ),
    SheetKind.TARGETS: ("target", "weight"),
    SheetKind.RESULTS: ("result", "narrative"),
}
_EMPTY_TEXTS = frozenset({"unit", "narrative"})


class Drawing:
    """Draws the records out of the lines of one fiscal year, sheet by sheet in the order of the kinds."""

    def __init__(self, kept: Kept, year: FiscalYear, by: Person) -> None:
        self._kept, self._year, self._by = kept, year, by
        self._agencies: Agencies = kept.agencies
        self._plan = {one.key for one in kept.of(Kind.PLAN_NODE)}
        # One that they may not see is like one that there is not.
        self._indicators = {
            one.key for one in kept.of(Kind.INDICATOR) if may(by, Action.VIEW, self._subject(one.key))
        }
        self._workflows = workflows_by_name(kept)
        self._records: dict[Name, Record] = {}
        self._said_by: dict[Name, SheetKind] = {}
        self.faults: list[Fault] = []

    def draw(self, lines: Sequence[Line]) -> list[Record]:
        """A record for each thing that is named; what is wrong goes to :attr:`faults`."""
        for line in lines:
            if line.kind is SheetKind.AGENCIES:  # a row may name one that stands further below
                self._learn(line)
            elif line.kind is SheetKind.PLAN and "code" in line.values:
                self._plan.add(str(line.values["code"]))
        for line in lines:
            said: Fields = {
                name: _or_empty(name, line.values[name])
                for name in _AS_SAID[line.kind]
                if name in line.values
            }
            _DRAWERS[line.kind](self, line, said)
        return list(self._records.values())

    # -- of one line --------------------------------------------------------------------------------------

    def _learn(self, line: Line) -> str:
        """The key of an agency: the one that it has, its code, or its name where it has none."""
        name, code = line.values.get("name"), line.values.get("code")
        known = self._agencies.find(str(code)) if code else None
        if known is None and name:
            known = self._agencies.find(str(name))
            if known is not None and code and self._agencies.codes.get(known, code) != code:
                known = None  # another of the same name
        key = known or str(code or name or "")
        if key:
            fields: Fields = {field: line.values.get(field) for field in ("code", "name", "name_en", "kind")}
            self._agencies.learn(Record(Kind.AGENCY, key, fields))
        return key

    def _agency(self, line: Line, said: Fields) -> None:
        key = self._learn(line)
        if parent := line.values.get("parent"):
            self._name(said, "parent", self._agency_of(line, "parent", parent))
        if key:
            self._add(line, Record(Kind.AGENCY, key, said, _path(line)))

    def _plan_node(self, line: Line, said: Fields) -> None:
        code = line.values.get("code")
        if code is None:
            return
        parent = str(code).rpartition(".")[0]
        if parent and (Kind.PLAN_NODE, str(code)) not in self._kept.records:  # one that is there stays there
            if parent not in self._plan:
                self._wrong(line, "code", "plan.parent_missing", code=code, parent=parent)
            said["parent"] = parent
        self._add(line, Record(Kind.PLAN_NODE, str(code), said, _path(line)))

    def _person(self, line: Line, said: Fields) -> None:
        email, role, agency = (line.values.get(name) for name in ("email", "role", "agency"))
        if email is None:
            return
        try:
            key = addresses.address(str(email)).lower()
            if "name" in said:
                said["name"] = addresses.display_name(str(said["name"]))
        except Refusal as refused:
            self._refused(line, "email", refused)
            return
        at = self._agency_of(line, "agency", agency) if agency else None
        if role is not None and not (agency and at is None):
            if at is None and role in AT_AN_AGENCY:
                self._wrong(line, "agency", "role.choose_agency")
            said["roles"] = (role_of(str(role), at),)
        self._add(line, Record(Kind.PERSON, key, said, _path(line)))

    def _indicator(self, line: Line, said: Fields) -> None:
        code = line.values.get("code")
        if not self._is_of_year(line) or code is None:
            return
        said |= {name: None for name in ("owner", "plan") if line.values.get(name, "") is None}
        for name in ("agency", "owner"):
            if given := line.values.get(name):
                self._name(said, name, self._agency_of(line, name, given))
        if plan := line.values.get("plan"):
            self._name(said, "plan", self._one_of(line, "plan", str(plan), self._plan, "plan.unknown"))
        if workflow := line.values.get("workflow"):
            key = self._workflows.get(fold(str(workflow)))
            if key is None:
                near = nearest(fold(str(workflow)), self._workflows)
                offered = list(dict.fromkeys(self._workflows[one] for one in near))
                known = sorted(set(self._workflows.values()))
                self._wrong(
                    line, "workflow", "workflow.unknown", given=workflow, nearest=offered, known=known
                )
            else:
                said["workflow"] = key
                if str(code) not in self._indicators:
                    said["version"] = max(one[1] for one in self._kept.workflows if one[0] == key)
        if "title" in said and str(code) not in self._indicators:
            said.setdefault("title_en", said["title"])
        self._indicators.add(str(code))
        self._add(line, Record(Kind.INDICATOR, str(code), said, _path(line)))

    def _target(self, line: Line, said: Fields) -> None:
        code = self._known_indicator(line)
        if code is not None and said:
            self._add(line, Record(Kind.INDICATOR, code, said, _path(line)))

    def _result(self, line: Line, said: Fields) -> None:
        code, quarter = self._known_indicator(line), line.values.get("quarter")
        if code is None or quarter is None or not said:
            return
        if forbidden := not_permitted(self._by, Action.WRITE_REPORT, self._subject(code)):
            # Before it is compared, or whoever may not see a report would be told what stands in it.
            self._wrong(line, "code", forbidden.kind, **forbidden.params)
            return
        key = result_key(code, int(quarter))
        if (Kind.RESULT, key) not in self._kept.records:  # there is nothing to clear
            said = {name: value for name, value in said.items() if value not in (None, "")}
        if said:
            fields: Fields = {"indicator": code, "quarter": quarter, **said}
            self._add(line, Record(Kind.RESULT, key, fields, _path(line)))

    def _subject(self, code: str) -> Subject:
        known = self._kept.records.get((Kind.INDICATOR, code))
        if known is None:  # it comes with the same file
            return Subject()
        at, owner = (self._kept.id_of(Kind.AGENCY, known.fields[name]) for name in ("agency", "owner"))
        return Subject(at, owner)

    # -- what it names ------------------------------------------------------------------------------------

    def _is_of_year(self, line: Line) -> bool:
        """One file is of one year: what is of another is a slip, or belongs into a file of its own."""
        year = line.values.get("year") or self._year.year
        if year != self._year.year:
            self._wrong(line, "year", "sheet.other_year", given=FiscalYear(int(year)), year=self._year)
        return year == self._year.year

    def _known_indicator(self, line: Line) -> str | None:
        code = line.values.get("code")
        if code is None or not self._is_of_year(line):
            return None
        if str(code) in self._indicators:
            return str(code)
        near = nearest(str(code), self._indicators)
        self._wrong(line, "code", "indicator.unknown", code=code, year=self._year, nearest=near, years=[])
        return None

    def _agency_of(self, line: Line, column: str, given: object) -> str | None:
        found = self._agencies.find(str(given))
        if found is None:
            self.faults.append(self._agencies.unknown(str(given), (*_path(line), column)))
        return found

    def _one_of(self, line: Line, column: str, given: str, known: Iterable[str], kind: str) -> str | None:
        if given in known:
            return given
        self._wrong(line, column, kind, given=given, nearest=nearest(given, known))
        return None

    @staticmethod
    def _name(said: Fields, field: str, found: str | None) -> None:
        if found is not None:
            said[field] = found

    def _wrong(self, line: Line, column: str, kind: str, **params: Any) -> None:
        self.faults.append(Fault((*_path(line), column), kind, params))

    def _refused(self, line: Line, column: str, refused: Refusal) -> None:
        for one in refused.conditions:
            self._wrong(line, column, one.kind, **one.params)

    # -- held together ------------------------------------------------------------------------------------

    def _add(self, line: Line, record: Record) -> None:
        """Keep it; what another sheet said of the same thing is held together with it, as are one's roles."""
        before = self._records.get(record.name)
        if before is None:
            self._said_by[record.name] = line.kind
            self._records[record.name] = record
            return
        is_another_role = record.kind is Kind.PERSON and not _same_role(before, record)
        if self._said_by[record.name] is line.kind and not is_another_role:
            sheet, row = before.place
            self._wrong(line, "code", "sheet.said_twice", key=record.key, sheet=sheet, row=row)
            return
        self._records[record.name] = before._replace(fields=self._together(line, before, record))

    def _together(self, line: Line, before: Record, record: Record) -> Fields:
        """What both say; that they differ is a fault, for whichever was meant, the other would undo it."""
        fields = dict(before.fields)
        for name, value in record.fields.items():
            if name == "roles":
                fields[name] = (*_roles(fields.get(name)), *_roles(value))
            elif fields.setdefault(name, value) != value:
                sheet, row = before.place
                self._wrong(line, name, "sheet.said_otherwise", sheet=sheet, row=row)
        return fields


def _or_empty(name: str, value: Value) -> Value:
    """What is kept where a value was cleared: of these texts an empty one."""
    return "" if value is None and name in _EMPTY_TEXTS else value


def _path(line: Line) -> Path:
    return line.heads.sheet, line.row


def _roles(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _same_role(before: Record, record: Record) -> bool:
    return set(_roles(record.fields.get("roles"))) <= set(_roles(before.fields.get("roles")))


def workflows_by_name(kept: Kept) -> dict[str, str]:
    """The key of each definition by what people call it: its key, its titles."""
    return {
        fold(word): one.key
        for one in kept.workflows.values()
        for word in (one.key, one.title.th, one.title.en)
    }


_DRAWERS: Mapping[SheetKind, Callable[[Drawing, Line, Fields], None]] = {
    SheetKind.AGENCIES: Drawing._agency,  # noqa: SLF001 - the table of its own methods
    SheetKind.PLAN: Drawing._plan_node,  # noqa: SLF001 - as above
    SheetKind.PEOPLE: Drawing._person,  # noqa: SLF001 - as above
    SheetKind.INDICATORS: Drawing._indicator,  # noqa: SLF001 - as above
    SheetKind.TARGETS: Drawing._target,  # noqa: SLF001 - as above
    SheetKind.RESULTS: Drawing._result,  # noqa: SLF001 - as above
}
