"""The command `radap`: its options, and which function answers which command."""

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_group

from cli.bootstrap import LANGUAGES
from cli.desk import Desk, Door
from cli.help import show, speak
from cli.parsing import unreadable

#: What answers each command, in the order of the help: a function, or the commands of a group.
COMMANDS = {
    "init": "operations:init",
    "migrate": "operations:migrate",
    "doctor": "operations:doctor",
    "level": "levels:level",
    "matrix": "matrix:matrix",
    "record": "facts:record",
    "plan": "facts:plan",
    "approve": "facts:approve",
    "void": "facts:void",
    "attach": "facts:attach",
    "achieve": "milestones:achieve",
    "verify": "milestones:verify",
    "reopen": "milestones:reopen",
    "block": "milestones:block",
    "resume": "milestones:resume",
    "postpone": "milestones:postpone",
    "waive": "milestones:waive",
    "seal": "history:seal",
    "search": "search:search",
    "extend": "city:extend",
    "backup": "operations:backup",
    "restore": "operations:restore",
    "worker": "worker:worker",
    "serve": "serve:serve",
    "return": "milestones:return_",
    "demo": "story:run",
    "report": "reports:app",
    "evidence": "evidence:app",
    "workflow": "workflows:app",
    "petition": "petitions:app",
    "appeal": "appeals:app",
    "journal": "history:app",
    "indicator": "city:indicators",
    "agency": "city:agencies",
    "user": "people:app",
    "token": "tokens:app",
    "remind": "remind:app",
    "webhook": "webhooks:app",
    "export": "exports:app",
    "import": "imports:app",
    "campaign": "campaigns:app",
    "settings": "settings_commands:app",
    "jobs": "jobs:app",
}


class Radap(Door):
    """Reads the module of a command when it is asked for: who wants one does not wait for all of them."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - so do groups list what they have
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            self.commands[cmd_name] = _command(cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        show(self, super().format_help, ctx, formatter)


def _command(name: str) -> Any:
    module, _, attribute = COMMANDS[name].partition(":")
    found = getattr(import_module(f"cli.{module}"), attribute)
    alone = typer.Typer()
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name)
    else:
        alone.command(name)(found)
    command = get_group(alone).commands[name]
    speak(command)
    return command


app = typer.Typer(
    name="radap",
    cls=Radap,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Where every indicator stands, why, and what to do next before the quarter closes.",
)


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", envvar="RADAP_CONFIG", help="Settings; config.toml here by default."
        ),
    ] = None,
    db: Annotated[
        str | None, typer.Option("--db", metavar="URL", help="Database, instead of the settings'.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="th|en", help="Language of the answers.")
    ] = None,
) -> None:
    """What holds for every command; may stand before or after it."""
    desk: Desk = ctx.obj
    desk.config, desk.db = config, db
    if lang is not None and lang not in LANGUAGES:
        raise unreadable("language.unknown", given=lang, known=list(LANGUAGES))
    desk.lang = lang
