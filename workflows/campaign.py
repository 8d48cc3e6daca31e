"""A campaign file: a fiscal year in one text, read into the records that the city is to have."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from engine.errors import Refusal
from engine.faults import Fault, Path
from engine.nearest import nearest
from engine.quarter import FiscalYear
from engine.records import Agencies, Fields, Kind, Name, Record, Value, extension_key
from engine.roles import grant_of
from engine.thai_dates import DateProblem, parse_be_year
from workflows.campaign_format import FORMAT, AgencyForm, CampaignForm, IndicatorsForm
from workflows.reading import DefinitionError, document_of, hidden_by, located, normalised

#: Words for many agencies, with the kind that they must be of; any for none.
ALL: Mapping[str, str] = {
    "all": "",
    "all districts": "district",
    "all departments": "department",
    "ทุกหน่วยงาน": "",
    "ทุกเขต": "district",
    "ทุกสำนัก": "department",
}
#: What stands in the pattern of a code for the code of the agency.
PLACE = "{agency}"
Versions = Collection[tuple[str, int]]
#: Stands for whichever agency a role is held at.
_SOME = 0


class Campaign:
    """A campaign as it was read, with what of it could not be: that is told with all that is found later."""

    def __init__(self, text: str, file: str) -> None:
        """:class:`~workflows.reading.DefinitionError` for a text that is no TOML, or no campaign at all."""
        self._text, self._file = normalised(text), file
        form, self._unread = FORMAT.filled(document_of(self._text, file))
        if form is None:
            raise self.error([])
        self._form = form
        self.year = self._year()

    def _year(self) -> FiscalYear:
        """The year; some year where what stands there is none, which is told."""
        try:
            return FiscalYear(parse_be_year(str(self._form.year)))
        except DateProblem as problem:
            self._unread.append(Fault(("year",), problem.kind, problem.params))
            return FiscalYear.from_be(FORMAT.stand_ins["year"])

    def records(self, kept: Mapping[Name, Record], versions: Versions) -> tuple[list[Record], list[Fault]]:
        """Its records, for the agencies, the plan and the versions of definitions that there are."""
        records, faults = _Reading(self._form, kept, versions).everything()
        unread = [one.path for one in self._unread]
        return records, [*self._unread, *(one for one in faults if not hidden_by(one, unread))]

    def error(self, faults: Sequence[Fault]) -> DefinitionError:
        """All faults with their lines; one that only follows from what could not be read is left out."""
        unread = [one.path for one in self._unread]
        others = [one for one in faults if one not in self._unread and not hidden_by(one, unread)]
        return located([*self._unread, *others], self._text, self._file)


class _Reading:
    """From a form to records; ``faults`` gathers what is wrong on the way."""

    def __init__(self, form: CampaignForm, kept: Mapping[Name, Record], versions: Versions) -> None:
        self._form = form
        self._kept = kept
        self._agencies = Agencies(kept.values())
        self._versions = versions
        self.faults: list[Fault] = []

    def everything(self) -> tuple[list[Record], list[Fault]]:
        said = (self._agency(at, one) for at, one in enumerate(self._form.agencies))
        agencies = [one for one in said if one is not None]
        for one in agencies:
            self._agencies.learn(one)
        records = [
            *(self._placed(one) for one in agencies),
            *self._people(),
            *self._plan(),
            *self._indicators(),
            *self._extensions(),
        ]
        return records, self.faults

    def _fault(self, path: Path, kind: str, **params: Any) -> None:
        self.faults.append(Fault(path, kind, params))

    # -- agencies -----------------------------------------------------------------------------------

    def _agency(self, at: int, form: AgencyForm) -> Record | None:
        """Under the key by which it is kept: that of its code, else that of its name."""
        path: Path = ("agencies", at)
        names = [one for one in (form.code, form.name) if one]
        if not names:
            self._fault(path, "campaign.agency_unnamed")
            return None
        known = (self._agencies.find(one) for one in names)
        key = next((one for one in known if one is not None), names[0])
        is_new = (Kind.AGENCY, key) not in self._kept
        kind = form.kind or ("district" if is_new else None)
        said = {"code": form.code, "name": form.name, "name_en": form.name_en, "kind": kind}
        return Record(Kind.AGENCY, key, _said({**said, "parent": form.below}), path)

    def _placed(self, agency: Record) -> Record:
        """With the key of the agency above it, which may come later in the file."""
        if "parent" not in agency.fields:
            return agency
        parent = self._key_of(str(agency.fields["parent"]), (*agency.place, "below"))
        return agency._replace(fields={**agency.fields, "parent": parent})

    def _key_of(self, given: str, path: Path) -> str | None:
        key = self._agencies.find(given)
        if key is None:
            self.faults.append(self._agencies.unknown(given, path))
        return key

    def _chosen(self, given: Sequence[str], without: Sequence[str], path: Path) -> list[str]:
        """The keys of the agencies that are named and not taken out, each once."""
        left_out = set(self._named(without, (*path, "without")))
        found = self._named(given, (*path, "agencies"))
        return [one for one in dict.fromkeys(found) if one not in left_out]

    def _named(self, given: Sequence[str], path: Path, *, in_group: bool = False) -> Iterator[str]:
        for at, one in enumerate(given):
            word, group = one.strip(), self._form.groups.get(one.strip())
            if word in ALL:
                kinds = self._agencies.kinds.items()
                yield from (key for key, kind in kinds if ALL[word] in ("", kind))
            elif group is not None and not in_group:
                yield from self._named(group, ("groups", word), in_group=True)
            elif (key := self._agencies.find(word)) is not None:
                yield key
            else:
                fault = self._agencies.unknown(word, (*path, at))
                more = nearest(word, [*ALL, *self._form.groups])
                near = [*more, *fault.params["nearest"]][:3]
                self._fault(fault.path, fault.kind, given=word, nearest=near)

    # -- people and the plan ------------------------------------------------------------------------

    def _people(self) -> Iterator[Record]:
        for at, form in enumerate(self._form.people):
            path: Path = ("people", at)
            roles = [self._role(one, (*path, "roles", number)) for number, one in enumerate(form.roles)]
            said = {"name": form.name, "language": form.language, "roles": tuple(roles) or None}
            yield Record(Kind.PERSON, form.email.strip().lower(), _said(said), path)

    def _role(self, typed: str, path: Path) -> str:
        role, _, at = typed.strip().partition("@")
        key = self._key_of(at, path) if at else None
        try:
            grant_of(role, _SOME if at else None)
        except Refusal as refused:
            self.faults += [Fault(path, unmet.kind, unmet.params) for unmet in refused.conditions]
        return f"{role}@{key}" if at else role

    def _plan(self) -> Iterator[Record]:
        """A new node lies below the one of its code without the last part, if there is such a one."""
        there = {one.code.strip() for one in self._form.plan}
        for at, form in enumerate(self._form.plan):
            code, below = form.code.strip(), form.below
            above = code.rpartition(".")[0]
            is_new = (Kind.PLAN_NODE, code) not in self._kept
            if below is None and is_new and (above in there or (Kind.PLAN_NODE, above) in self._kept):
                below = above
            yield Record(Kind.PLAN_NODE, code, _said({"title": form.title, "parent": below}), ("plan", at))

    # -- indicators ---------------------------------------------------------------------------------

    def _indicators(self) -> Iterator[Record]:
        for at, form in enumerate(self._form.indicators):
            path: Path = ("indicators", at)
            common = _said(self._common(form, path))
            own = {
                "codes": self._by_agency(form.codes, (*path, "codes")),
                "target": self._by_agency(form.targets, (*path, "targets")),
                "weight": self._by_agency(form.weights, (*path, "weights")),
            }
            chosen = self._chosen(form.agencies, form.without, path)
            fits = self._pattern_fits(form, (*path, "code")) and "version" in common
            for key in chosen if fits else ():
                code = str(own["codes"].get(key, "")).strip() or self._formed(form.code, key, path)
                mine = {name: own[name][key] for name in ("target", "weight") if key in own[name]}
                if code:
                    yield Record(Kind.INDICATOR, code, {**common, "agency": key, **mine}, path)
            for name, table in own.items():
                for key in table.keys() - set(chosen):
                    field = name if name == "codes" else f"{name}s"
                    self._fault((*path, field), "campaign.not_chosen", key=field, agency=key)

    def _common(self, form: IndicatorsForm, path: Path) -> dict[str, Value]:
        """What is the same for all of its agencies."""
        title = form.title
        return {
            "workflow": form.workflow,
            "version": self._version(form, path),
            "title": title.th if title and title.th else None,
            "title_en": title.en if title and title.en else None,
            "unit": form.unit,
            "target": form.target,
            "weight": form.weight,
            "owner": None if form.owner is None else self._key_of(form.owner, (*path, "owner")),
            "plan": form.plan,
            "kind": form.kind,
            "result_kind": form.result_kind,
            "definition": form.definition,
            "method": form.method,
            "evidence_asked": form.evidence_asked,
            "draft": form.draft,
        }

    def _version(self, form: IndicatorsForm, path: Path) -> int | None:
        """The version that is named, or the newest there is."""
        there = sorted(version for key, version in self._versions if key == form.workflow)
        if not there:
            known = sorted({key for key, _ in self._versions})
            near = nearest(form.workflow, known)
            self._fault(
                (*path, "workflow"), "workflow.unknown", given=form.workflow, nearest=near, known=known
            )
            return None
        if form.version is not None and form.version not in there:
            params = {"key": form.workflow, "given": form.version, "known": there}
            self._fault((*path, "version"), "workflow.unknown_version", **params)
        return form.version or there[-1]

    def _by_agency(self, given: Mapping[str, Value], path: Path) -> dict[str, Value]:
        """What is given for single agencies, by their keys."""
        found = {self._key_of(name, (*path, name)): value for name, value in given.items()}
        return {key: value for key, value in found.items() if key is not None}

    def _pattern_fits(self, form: IndicatorsForm, path: Path) -> bool:
        pattern = form.code or ""
        fits = not set("{}") & set(pattern.replace(PLACE, ""))
        if not fits:
            self._fault(path, "campaign.pattern", given=pattern, place=PLACE)
        return fits

    def _formed(self, pattern: str | None, agency: str, path: Path) -> str | None:
        """The code of that agency's indicator, formed by the pattern."""
        code = self._agencies.codes.get(agency)
        if pattern is None or (code is None and PLACE in pattern):
            self._fault((*path, "code"), "campaign.no_code", agency=agency, place=PLACE)
            return None
        return pattern.replace(PLACE, code or "").strip()

    # -- extensions ---------------------------------------------------------------------------------

    def _extensions(self) -> Iterator[Record]:
        for at, form in enumerate(self._form.extensions):
            path: Path = ("extensions", at)
            if form.quarter not in (1, 2, 3, 4):
                self._fault((*path, "quarter"), "quarter.unknown", given=form.quarter)
            for key in self._chosen(form.agencies, form.without, path):
                said: Fields = {
                    "agency": key,
                    "quarter": form.quarter,
                    "until": form.until,
                    "reason": form.reason.strip(),
                }
                yield Record(Kind.EXTENSION, extension_key(key, form.quarter), said, path)


def _said(fields: Mapping[str, Value]) -> dict[str, Value]:
    """Only what is said."""
    return {name: value for name, value in fields.items() if value is not None}
