"""A year's records as a campaign file, to be edited and taken in again: the same indicators in one block."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from engine.quarter import FiscalYear
from engine.records import Kind, Name, Record, Value
from workflows.campaign import PLACE

#: Fields that stand in a block, in their order, under the key that the file has for each.
_IN_BLOCK = (
    *("workflow", "version", "unit", "target", "weight", "owner", "plan", "kind", "result_kind"),
    *("definition", "method", "evidence_asked", "draft"),
)
_Block = tuple[tuple[str, Value], ...]


def campaign_of(records: Mapping[Name, Record], year: FiscalYear) -> str:
    """The text; whoever takes it in again where it came from changes nothing."""
    parts = [f"year = {year.be}\n", *_agencies(records), *_people(records), *_plan(records)]
    return "\n".join([*parts, *_indicators(records), *_extensions(records)])


def _of(records: Mapping[Name, Record], kind: Kind) -> Iterator[Record]:
    return (one for one in records.values() if one.kind is kind)


def _agencies(records: Mapping[Name, Record]) -> Iterator[str]:
    for one in _of(records, Kind.AGENCY):
        said = {**one.fields, "below": one.fields.get("parent")}
        yield _table("agencies", {name: said[name] for name in ("code", "name", "name_en", "kind", "below")})


def _people(records: Mapping[Name, Record]) -> Iterator[str]:
    for one in _of(records, Kind.PERSON):
        yield _table("people", {"email": one.key, **one.fields})


def _plan(records: Mapping[Name, Record]) -> Iterator[str]:
    for one in _of(records, Kind.PLAN_NODE):
        said = {"code": one.key, "title": one.fields["title"], "below": one.fields["parent"]}
        yield _table("plan", said)


def _indicators(records: Mapping[Name, Record]) -> Iterator[str]:
    """Indicators that differ only in their agency share a block; codes that have no pattern are listed."""
    codes = {one.key: str(one.fields["code"]) for one in _of(records, Kind.AGENCY) if one.fields["code"]}
    blocks: dict[tuple[_Block, str | None], dict[str, str]] = {}
    for one in _of(records, Kind.INDICATOR):
        agency = str(one.fields["agency"])
        own = codes.get(agency)
        pattern = PLACE + one.key.removeprefix(own) if own and one.key.startswith(f"{own}-") else None
        block = tuple(sorted((name, value) for name, value in one.fields.items() if name != "agency"))
        here = blocks.setdefault((block, pattern), {})
        if agency in here:  # two of one agency that are alike in everything but their codes
            here = blocks.setdefault((block, one.key), {})
        here[agency] = one.key
    for (block, pattern), by_agency in blocks.items():
        fields = dict(block)
        title = {"th": fields["title"], "en": fields["title_en"]}
        yield _table(
            "indicators",
            {
                "agencies": tuple(by_agency),
                "code": pattern,
                "title": title,
                **{name: fields.get(name) for name in _IN_BLOCK if name != "draft" or fields.get(name)},
                "codes": by_agency if pattern is None else None,
            },
        )


def _extensions(records: Mapping[Name, Record]) -> Iterator[str]:
    blocks: dict[_Block, list[str]] = {}
    for one in _of(records, Kind.EXTENSION):
        block = tuple((name, one.fields[name]) for name in ("quarter", "until", "reason"))
        blocks.setdefault(block, []).append(str(one.fields["agency"]))
    for block, agencies in blocks.items():
        yield _table("extensions", {"agencies": tuple(agencies), **dict(block)})


# --- TOML ----------------------------------------------------------------------------------------------

_Written = Value | Mapping[str, Value] | Mapping[str, str]


def _table(name: str, fields: Mapping[str, _Written]) -> str:
    """A table of a list; what is not known is not written."""
    lines = [f"{key} = {_toml(value)}" for key, value in fields.items() if value not in (None, "", ())]
    return "\n".join([f"[[{name}]]", *lines, ""])


def _toml(value: _Written | Sequence[str]) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            # TOML's short texts are escaped as those of JSON are, but for one letter.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case tuple():
            return f"[{', '.join(_toml(one) for one in value)}]"
        case Mapping():
            pairs = (f"{_key(name)} = {_toml(one)}" for name, one in value.items() if one not in (None, ""))
            return f"{{ {', '.join(pairs)} }}"
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
    return str(value)


def _key(name: str) -> str:
    return name if name.isascii() and name.isidentifier() else _toml(name)
