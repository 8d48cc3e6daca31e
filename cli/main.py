"""The command `radap`: its options, and which function answers which command."""

from pathlib import Path
from typing import Annotated

import typer

from cli import (
    appeals,
    campaigns,
    city,
    exports,
    facts,
    history,
    imports,
    jobs,
    levels,
    milestones,
    operations,
    people,
    petitions,
    remind,
    reports,
    search,
    serve,
    settings_commands,
    story,
    tokens,
    webhooks,
    worker,
    workflows,
)
from cli.bootstrap import LANGUAGES
from cli.desk import Desk, Door
from cli.parsing import unreadable

app = typer.Typer(
    name="radap",
    cls=Door,
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


for command in (
    operations.init,
    operations.migrate,
    operations.doctor,
    levels.level,
    levels.matrix,
    facts.record,
    facts.plan,
    facts.approve,
    facts.void,
    facts.attach,
    milestones.achieve,
    milestones.verify,
    milestones.reopen,
    milestones.block,
    milestones.resume,
    milestones.postpone,
    milestones.waive,
    history.seal,
    search.search,
    city.extend,
    operations.backup,
    operations.restore,
    worker.worker,
    serve.serve,
):
    app.command()(command)
app.command("return")(milestones.return_)
app.command("demo")(story.run)
for name, group in (
    ("report", reports.app),
    ("evidence", facts.evidence_app),
    ("workflow", workflows.app),
    ("petition", petitions.app),
    ("appeal", appeals.app),
    ("journal", history.app),
    ("indicator", city.indicators),
    ("agency", city.agencies),
    ("user", people.app),
    ("token", tokens.app),
    ("remind", remind.app),
    ("webhook", webhooks.app),
    ("export", exports.app),
    ("import", imports.app),
    ("campaign", campaigns.app),
    ("settings", settings_commands.app),
    ("jobs", jobs.app),
):
    app.add_typer(group, name=name)


def main() -> None:
    """The entry point of the installed command."""
    app(prog_name="radap")
