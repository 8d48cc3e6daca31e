"""The desk at which one command is served: its options, its language, what it prints, and how it ends."""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid
from rich.text import Text
from sqlalchemy import Table, func, select
from sqlalchemy.engine import make_url
from typer.exceptions import TyperException

from cli import bootstrap, parsing, settings
from cli.troubles import condition_of
from engine.errors import Refusal, Unmet
from engine.indicator import Indicator
from engine.nearest import nearest
from engine.numbers import json_number
from engine.permissions import Person
from engine.quarter import FiscalYear
from engine.wording import Wording
from storage import registry, views
from storage.registry import Agency
from storage.transaction import Tx
from workflows.reading import DefinitionError

DONE, REFUSED, WRONG_USE = 0, 1, 2


@dataclass
class Desk:
    """What the options before the command said, and everything a command needs, made when first asked for."""

    config: Path | None = None
    db: str | None = None
    lang: str | None = None
    clock: bootstrap.Clock = bootstrap.clock
    out: Console = field(default_factory=lambda: _console(sys.stdout))
    err: Console = field(default_factory=lambda: _console(sys.stderr))
    _settings: settings.Settings | None = None
    _house: bootstrap.House | None = None

    # -- what is wired ------------------------------------------------------------------------------

    @property
    def settings(self) -> settings.Settings:
        if self._settings is None:
            found = settings.load(self._config_file(), os.environ)
            if self.db is not None:
                database = found.database.model_copy(update={"url": self.db})
                found = found.model_copy(update={"database": database})
            self._settings = found
        return self._settings

    def _config_file(self) -> Path | None:
        usual = Path("config.toml")
        return self.config or (usual if usual.exists() else None)

    def house(self, *, new: bool = False) -> bootstrap.House:
        """The house on its database; with ``new`` the database may still be empty."""
        if self._house is None:
            self._house = bootstrap.build(self.settings, self.clock, new=new)
        return self._house

    def adopt(self, house: bootstrap.House) -> None:
        """Serve on a house that was built in a way of its own."""
        self._house = house

    @property
    def url(self) -> str:
        """The database as it may be shown: without its password."""
        return make_url(self.settings.database.url).render_as_string(hide_password=True)

    @property
    def wording(self) -> Wording:
        try:
            found = self.settings
        except Refusal:  # which is about to be told, in some language
            found = settings.Settings()
        return bootstrap.wording(self.lang or found.language.default, found.zone)

    def close(self) -> None:
        if self._house is not None:
            self._house.close()
            self._house = None

    # -- who and what -------------------------------------------------------------------------------

    def person(self, tx: Tx, email: str | None) -> Person:
        """Whoever acts: the person of that address, or the operator who runs scripts on the database."""
        return registry.person(tx.connection, email or registry.OPERATOR_EMAIL)

    def agency(self, tx: Tx, typed: str) -> Agency:
        """The agency by its code or either of its names."""
        return registry.agency(tx.connection, typed.strip())

    def year(self, tx: Tx, code: str, typed: str | None) -> int:
        """The fiscal year as typed; left out, it is the only one in which the code is used."""
        if typed is not None:
            return parsing.fiscal_year(typed).year
        years = views.years_of(tx.connection, code)
        if len(years) > 1:
            raise parsing.unreadable("year.ambiguous", code=code, years=[FiscalYear(year) for year in years])
        return years[0] if years else self.this_year()

    def this_year(self) -> int:
        day = self.today()
        return day.year + (day.month >= 10)

    def today(self) -> date:
        return self.clock().astimezone(self.settings.zone).date()

    # -- what is printed ----------------------------------------------------------------------------

    def say(self, kind: str, /, **params: Any) -> None:
        """One sentence on standard output."""
        self.out.print(self.wording.say(kind, params), markup=False, highlight=False, soft_wrap=True)

    def note(self, kind: str, /, **params: Any) -> None:
        """One sentence beside the result, on standard error."""
        self.complain([self.wording.say(kind, params)])

    def complain(self, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            self.err.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def text(self, words: str) -> None:
        """What people wrote, as they wrote it."""
        self.out.print(words, markup=False, highlight=False, soft_wrap=True)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> None:
        """Rows under heads (named by their sentences); ``numbers`` are the columns set to the right."""
        table = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for place, head in enumerate(heads):
            justify: Literal["left", "right"] = "right" if place in numbers else "left"
            table.add_column(self.wording.say(head), justify=justify, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.out.print(table)

    def title(self, indicator: Indicator, milestone: str) -> str:
        """The milestone's title in the language spoken; its key where the definition has none."""
        found = indicator.workflow.milestone(milestone)
        return milestone if found is None else self.wording.value(found.title)

    def json(self, value: Any) -> None:
        """A value for programs: ISO days and instants, exact numbers as numbers, no colour, no wrapping."""
        text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain)
        self.out.file.write(text + "\n")

    @contextmanager
    def progress(self, kind: str, total: int | None) -> Iterator["Bar"]:
        """A bar on standard error, and only where somebody watches a terminal."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        hidden = not self.err.is_terminal
        with Progress(*columns, console=self.err, transient=True, disable=hidden) as progress:
            task = progress.add_task(self.wording.say(kind), total=total)
            yield Bar(progress, task)


@dataclass(frozen=True, slots=True)
class Bar:
    _progress: Progress
    _task: Any

    def step(self, _done: object = None) -> None:
        self._progress.advance(self._task)

    def at(self, done: int, total: int) -> None:
        """So much is done, of so much; of 0 while nobody knows."""
        self._progress.update(self._task, completed=done, total=total or None)


def _console(file: Any) -> Console:
    # The width of a pipe is nobody's: tables that are kept in a file are not cut at 80 columns.
    return Console(file=file, width=None if file.isatty() or "COLUMNS" in os.environ else 120)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return json_number(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def count(tx: Tx, table: Table) -> int:
    """How many rows a table has: the length of a progress bar."""
    return int(tx.connection.execute(select(func.count()).select_from(table)).scalar_one())


# --- how a command ends --------------------------------------------------------------------------------

_ANYWHERE = ("--config", "--db", "--lang")


class Door(typer.core.TyperGroup):
    """The command line as a whole: global options may stand anywhere, and every error is a sentence."""

    def main(self, args: Any = None, prog_name: str | None = None, **more: Any) -> Any:  # type: ignore[override]  # we add nothing to the options of typer's own
        given = sys.argv[1:] if args is None else list(args)
        desk: Desk = more.pop("obj", None) or Desk()
        more["standalone_mode"] = False
        first, rest = _globals_apart(given)
        desk.lang = _language(first)
        try:
            code = super().main(args=first + rest, prog_name=prog_name or "radap", obj=desk, **more)
            _flush()
        except Exception as error:
            code = explain(desk, error)
            if code is None:
                raise
        finally:
            desk.close()
        sys.exit(code if isinstance(code, int) else DONE)


def _flush() -> None:
    """Write what is waiting now, while a full disk can still be told."""
    sys.stdout.flush()


def _language(words: list[str]) -> str | None:
    """The language asked for: known before anything is read, for what cannot be read is told in it too."""
    spoken = [word.removeprefix("--lang=") for word in words if word.startswith("--lang=")]
    spoken += [value for name, value in pairwise(words) if name == "--lang"]
    return spoken[-1] if spoken and spoken[-1] in bootstrap.LANGUAGES else None


def _globals_apart(args: list[str]) -> tuple[list[str], list[str]]:
    """The options of the whole house, wherever they were typed, and all the other words."""
    first: list[str] = []
    rest: list[str] = []
    words = iter(args)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in _ANYWHERE:
            first += [word, *([value] if (value := next(words, None)) is not None else [])]
        elif word.startswith(tuple(f"{name}=" for name in _ANYWHERE)):
            first.append(word)
        else:
            rest.append(word)
    return first, rest


def explain(desk: Desk, error: Exception) -> int | None:
    """Say the error as a sentence on standard error; its exit code, or ``None`` for a mistake of ours."""
    match error:
        case typer.Abort():
            return REFUSED
        case parsing.Unreadable():
            desk.complain(_sentences(desk, error.conditions))
            return WRONG_USE
        case Refusal():
            desk.complain(_sentences(desk, error.conditions))
            return REFUSED
        case DefinitionError():
            desk.complain(faults_of(desk.wording, error))
            return REFUSED
        case BrokenPipeError():
            # Whoever read our answer has seen enough; Python would complain again when it closes the pipe.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return DONE
        case TyperException():
            if type(error).__name__ != "NoArgsIsHelpError":  # then the help was printed, which says it all
                desk.complain([usage(desk.wording, error)])
            return WRONG_USE
    condition = condition_of(error, _url_shown(desk))
    if condition is None:
        return None
    desk.complain(_sentences(desk, [condition]))
    return REFUSED


def _sentences(desk: Desk, conditions: Iterable[Unmet]) -> list[str]:
    return [desk.wording.unmet(condition) for condition in conditions]


def faults_of(wording: Wording, error: DefinitionError) -> list[str]:
    """A sentence for every fault of a definition, with its file and line."""
    return [
        wording.say("fault.at", file=one.file, line=one.line, sentence=wording.say(one.kind, one.params))
        for one in error.faults
    ]


def _url_shown(desk: Desk) -> str:
    """The database that an error speaks of, even where its URL cannot be read."""
    try:
        return desk.url
    except Refusal:
        return desk.db or ""


#: How the library says that a file may not be read.
_FORBIDDEN = re.compile("'(.*)' is not readable", re.DOTALL)


def usage(wording: Wording, error: Any) -> str:
    """Wrong use of a command as one sentence, with the way to its help."""
    context: Any = error.ctx
    command = "radap" if context is None else context.command_path
    name = type(error).__name__
    kinds: Mapping[str, str] = {
        "MissingParameter": "usage.missing",
        "NoSuchOption": "usage.no_such_option",
        "BadParameter": "usage.bad_value",
    }
    params: dict[str, Any] = {"command": command, "message": error.format_message()}
    if name == "NoSuchOption":
        params |= {"given": error.option_name, "nearest": list(error.possibilities or [])}
    elif name in ("MissingParameter", "BadParameter") and error.param is not None:
        params |= {"given": _option_name(error.param), "message": error.message}
        annotation = error.param.type_descriptor.annotation
        if name == "BadParameter" and int in (annotation, *get_args(annotation)):
            limits = {"least": error.param.min, "most": error.param.max}
            return wording.say("usage.no_number", params | limits)
        if name == "BadParameter" and (file := _FORBIDDEN.search(error.message)):
            return wording.say("file.forbidden", {"file": file[1]})
    elif "No such command" in params["message"]:
        given = params["message"].split("'")[1]
        known = context.command.list_commands(context)
        return wording.say(
            "usage.no_such_command", command=command, given=given, nearest=nearest(given, known)
        )
    return wording.say(kinds.get(name, "usage.other"), params)


def _option_name(param: Any) -> str:
    """What people type for it: the longest of an option's names, the place's name of an argument."""
    if param.param_type_name == "option":
        return str(max(param.opts, key=len))
    return str(param.metavar or param.name).upper()
