"""What is wrong with a setting, told by its key, its line and what to write instead."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from engine.errors import Unmet
from engine.nearest import nearest
from workflows.toml_lines import line_of

PREFIX = "RADAP_"
BETWEEN = "__"  # RADAP_DATABASE__URL is the key url of the section [database]

#: Read before there are settings.
ELSEWHERE = (f"{PREFIX}CONFIG",)

_Place = tuple[int | str, ...]


def faults_of_variables(environment: Mapping[str, str], defaults: BaseModel) -> list[Unmet]:
    """Variables with our prefix that nobody reads, and those that stand for a list and are none."""
    known = {_variable(path): path for path in keys(type(defaults))}
    faults = []
    for name in sorted(environment):
        if name in known:
            # The library would not tell which of the lists it could not read.
            default = _default_at(known[name], defaults)
            if isinstance(default, tuple | frozenset) and not _is_json(environment[name]):
                given, example = shown(environment[name]), _example(known[name], defaults)
                faults.append(Unmet("config.unfit", {"key": name, "given": given, "example": example}))
        elif name.startswith(PREFIX) and name not in ELSEWHERE:
            near = nearest(name, known)
            faults.append(Unmet("config.unknown_variable", {"key": name, "nearest": near}))
    return faults


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


def telling(errors: Iterable[ErrorDetails]) -> list[ErrorDetails]:
    """Without those of a list in which something is wrong: that tells it, and the list has a place for it."""
    every = list(errors)
    inner = {one["loc"][:length] for one in every for length in range(len(one["loc"]))}
    return [one for one in every if one["loc"] not in inner]


def fault_of_key(
    error: ErrorDetails,
    path: Path | None,
    text: str,
    from_environment: Mapping[str, Any],
    defaults: BaseModel,
) -> Unmet:
    """One error of the library as our condition: where, which key, what is wrong, what to write instead."""
    loc = error["loc"]
    # A list that is wrong as a whole is wrong at one of its entries, and that has a line of its own.
    place = (*loc, *_at(error))
    where: dict[str, Any] = {"key": _dotted(loc), "file": str(path), "line": line_of(text, place) or 1}
    names = tuple(takewhile(lambda part: isinstance(part, str), loc))
    if _stands_in(from_environment, names):
        where = {"key": _variable(names)}
    return _fault(error, where, defaults)


def fault_of_value(error: ErrorDetails, defaults: BaseModel) -> Unmet:
    """The same of a value that stands in no file: by its key, and of a list by its row and column."""
    inside = list(dropwhile(lambda part: isinstance(part, str), (*error["loc"], *_at(error))))
    row, column = (*inside, None, None)[:2]
    where = {"row": row + 1, "column": column} if isinstance(row, int) else {}
    return _fault(error, {"key": _dotted(error["loc"]), **where}, defaults)


def _at(error: ErrorDetails) -> _Place:
    """The entry of a list that is wrong as a whole; one that nobody can name is no entry."""
    at = error.get("ctx", {}).get("at")
    return () if at is None else (at,)


def _fault(error: ErrorDetails, where: dict[str, Any], defaults: BaseModel) -> Unmet:
    loc, context = error["loc"], error.get("ctx", {})
    if error["type"] == "extra_forbidden":
        known = list(_table_at(loc[:-1], type(defaults)).model_fields)
        near = nearest(str(loc[-1]), known)
        return Unmet("config.unknown_key", {**where, "nearest": near, "known": known})
    if error["type"] in ("literal_error", "enum", "no_score"):
        allowed = context.get("allowed") or re.findall(r"'([^']*)'", context["expected"])
        given = str(error["input"])
        near = [] if error["type"] == "no_score" else nearest(given, allowed)
        return Unmet("config.not_allowed", {**where, "given": given, "nearest": near, "allowed": allowed})
    # What is wrong may be said of a key and lie in another: then the library is told which.
    given = context["given"] if error["type"] == "url_not_https" else shown(error["input"])
    what = {**where, "given": given, "example": _example(loc, defaults)}
    limits: dict[str, Any] = {name: context[name] for name in _PARTICULARS if name in context}
    return Unmet(_KINDS.get(error["type"], "config.unfit"), {**what, **limits})


def keys(table: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every key that holds a value and no table."""
    for name, field in table.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys(inner, (*above, name))
        else:
            yield (*above, name)


def _variable(path: Iterable[int | str]) -> str:
    return f"{PREFIX}{BETWEEN.join(map(str, path))}".upper()


def _dotted(loc: _Place) -> str:
    """The key as a person would write it, tables of a list counted from 1; entries of a list are not keys."""
    while isinstance(loc[-1], int):
        loc = loc[:-1]
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def _stands_in(values: Mapping[str, Any], names: _Place) -> bool:
    """Whether the key has a value there, and is no table."""
    found: Any = values
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found is not None and not isinstance(found, dict)


def _table_at(loc: _Place, table: type[BaseModel]) -> type[BaseModel]:
    """The kind of the table at that place below ``table``; those of a list are alike."""
    for name in loc:
        if isinstance(name, str):
            kind = table.model_fields[name].annotation
            table = next(one for one in (*get_args(kind), kind) if isinstance(one, type))
    return table


#: What the library tells of a fault, as far as our sentences say it.
_PARTICULARS = ("ge", "gt", "le", "min_length", "max_length", "nearest", "again", "role", "after", "ce")

#: The library's kinds of errors in ours; any other is simply unfit.
_KINDS = {
    "missing": "config.missing",
    "no_bucket": "config.no_bucket",
    "no_clamd": "config.no_clamd",
    "url_not_https": "config.url_not_https",
    "url_no_secret": "config.url_no_secret",
    "no_network": "config.no_network",
    "openid_issuer": "config.openid_issuer",
    "openid_incomplete": "config.openid_incomplete",
    "greater_than": "config.too_small",
    "greater_than_equal": "config.too_small",
    "less_than_equal": "config.too_large",
    "until_early": "config.too_small",
    "not_rising": "config.not_rising",
    "day_twice": "config.day_twice",
    "item_twice": "config.item_twice",
    "no_rung": "config.no_rung",
    "first_rung_waits": "config.first_rung_waits",
    "role_twice": "config.role_twice",
    "ladder_not_rising": "config.ladder_not_rising",
    "buddhist_era": "config.buddhist_era",
    "whole_week": "config.whole_week",
    "unknown_zone": "config.unknown_name",
    "unknown_country": "config.unknown_name",
}


def _default_at(loc: _Place, defaults: BaseModel) -> Any:
    """The default of the key; of a list as a whole, but of a key in one of its tables that of the first."""
    default: Any = defaults
    for part in loc:
        if isinstance(part, str):
            default = getattr(default, part, None)
        elif _is_of_tables(default):
            default = default[0]
    return default


def _is_of_tables(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], BaseModel)


def _example(loc: _Place, defaults: BaseModel) -> str:
    """The default of the key, as one would write it in the file; of a list of tables the first two."""
    default = _default_at(loc, defaults)
    if isinstance(default, frozenset) and not default:
        default = [date(2021, 4, 12)]
    if isinstance(default, BaseModel):
        return shown(_plain(default))
    return shown(default[:2] if _is_of_tables(default) else default)


#: What turns the writing round or cannot be seen, but for what the library of JSON escapes itself.
_UNSEEN = re.compile("[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def _by_its_number(mark: re.Match[str]) -> str:
    return f"\\u{ord(mark[0]):04x}"


def shown(value: Any) -> str:
    """A value as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case str() | Path():
            return _UNSEEN.sub(_by_its_number, json.dumps(str(value), ensure_ascii=False))
        case dict():
            return f"{{ {', '.join(f'{name} = {shown(one)}' for name, one in value.items())} }}"
        case BaseModel():
            return "a table"
        case set() | frozenset():
            return shown(sorted(value, key=str))
        case list() | tuple():
            return f"[{', '.join(shown(_plain(one)) for one in value)}]"
        case Decimal() | int() | float() | date():
            return str(value)
    return "" if value is None else repr(value)


def _plain(value: Any) -> Any:
    """A table that stands in a list as what would be written for it."""
    return value.model_dump(exclude_defaults=True) if isinstance(value, BaseModel) else value
