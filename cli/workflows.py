"""Commands about definitions: list, show, check a file, draw the ladder, move indicators to a new version."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import bootstrap, parsing
from cli.desk import REFUSED, Desk, faults_of
from cli.options import By, Json, NeededYear
from engine import actions
from engine.actions import Outcome
from engine.errors import Refusal
from engine.explain import rule_text
from engine.numbers import json_number
from engine.permissions import Action
from engine.workflow import AllOf, AnyOf, AtLeast, Rule, Workflow
from storage import definitions, registry
from workflows.catalogue import load
from workflows.diagram import diagram as mermaid
from workflows.reading import DefinitionError

app = typer.Typer(no_args_is_help=True, help="Definitions: list, show, check, diagram, migrate.")

Key = Annotated[str, typer.Argument(metavar="KEY", help="Key of the definition.")]


@app.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """Every definition that comes with this release, in its newest version."""
    desk: Desk = ctx.obj
    found = bootstrap.catalogue().list()
    if as_json:
        desk.json([_summary(workflow) for workflow in found])
        return
    desk.table(
        ["label.key", "label.version", "label.title", "label.levels"],
        [[one.key, str(one.version), desk.wording.value(one.title), str(one.top_level)] for one in found],
        numbers=(1, 3),
    )


@app.command()
def show(ctx: typer.Context, key: Key, as_json: Json = False) -> None:
    """The milestones and levels of a definition."""
    desk: Desk = ctx.obj
    workflow = bootstrap.catalogue().get(key)
    if as_json:
        desk.json(_as_data(workflow))
        return
    value, say = desk.wording.value, desk.wording.say
    desk.say("workflow.head", key=workflow.key, version=workflow.version, title=workflow.title)
    if workflow.description.in_language(desk.wording.language):
        desk.text(value(workflow.description))
    desk.say("workflow.order", order=workflow.order)
    desk.table(
        ["label.milestone", "label.title", "label.needs", "label.due", "label.evidence"],
        [
            [
                one.key,
                value(one.title),
                str(one.needs),
                say("label.quarter_number", number=one.due_quarter),
                ", ".join(value(asked.title) + ("" if asked.required else "*") for asked in one.evidence)
                or "–",
            ]
            for one in workflow.milestones
        ],
        numbers=(2,),
    )
    desk.table(
        ["label.level", "label.title", "label.rule"],
        [[str(rung.level), value(rung.title), _whole_rule(rung.rule)] for rung in workflow.levels],
        numbers=(0,),
    )


@app.command()
def check(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Definitions to check.")],
    as_json: Json = False,
) -> None:
    """Check definition files: every fault with its file, its line and a sentence."""
    desk: Desk = ctx.obj
    faults: list[dict[str, Any]] = []
    for file in files:
        try:
            workflow = load(file)
        except DefinitionError as error:
            sentences = faults_of(desk.wording, error)
            faults += [
                {
                    "file": one.file,
                    "line": one.line,
                    "kind": one.kind,
                    "text": desk.wording.say(one.kind, one.params),
                }
                for one in error.faults
            ]
            if not as_json:
                for sentence in sentences:
                    desk.text(sentence)
        else:
            if not as_json:
                desk.say("workflow.sound", file=str(file), title=workflow.title, version=workflow.version)
    if as_json:
        desk.json({"faults": faults})
    if faults:
        raise typer.Exit(REFUSED)


@app.command()
def diagram(
    ctx: typer.Context,
    key: Key,
    at: Annotated[
        str | None, typer.Option("--at", metavar="STATE", help="Mark this state of the ladder as the place.")
    ] = None,
) -> None:
    """The ladder in the notation of Mermaid, to be drawn by a wiki or an editor."""
    desk: Desk = ctx.obj
    workflow = bootstrap.catalogue().get(key)
    states = ["not_started", *(rung.state for rung in workflow.levels)]
    if at is not None and at not in states:
        raise typer.BadParameter(", ".join(states), param_hint="--at")
    desk.text(mermaid(workflow, desk.wording.language, at).rstrip())


@app.command()
def migrate(
    ctx: typer.Context,
    key: Key,
    year: NeededYear,
    codes: Annotated[
        list[str] | None, typer.Option("--code", metavar="CODE", help="Only this one; may be repeated.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Put a year's indicators onto the newest version of their definition; who cannot move stays."""
    desk: Desk = ctx.obj
    house, workflow = desk.house(), bootstrap.catalogue().get(key)
    fiscal_year = parsing.fiscal_year(year).year
    with house.store.begin() as tx:
        person = desk.person(tx, by)
        actions.check_manager(person, Action.MANAGE_INDICATORS)
        registry.register_workflow(tx, workflow, workflow.source, by=person.id, now=desk.clock())
        wanted = codes or definitions.behind(tx.connection, workflow, fiscal_year)
    moved, refused = [], []
    for code in wanted:
        try:
            with house.store.begin() as tx:
                indicator = tx.indicator(code, fiscal_year)
                before = indicator.workflow.version
                outcome = actions.migrate_indicator(
                    tx, code, fiscal_year, workflow, by=person, now=desk.clock()
                )
        except Refusal as refusal:
            refused += [{"code": code, "text": text} for text in desk.wording.refusal(refusal)]
        else:
            moved.append({"code": code, "before": before, "after": workflow.version, **_levels(outcome)})
    _tell_migrated(desk, workflow, moved, refused, as_json)


def _levels(outcome: Outcome) -> dict[str, int]:
    old, new = outcome.before, outcome.after
    return {
        "claimed_before": old.claimed.level,
        "claimed_after": new.claimed.level,
        "verified_before": old.verified.level,
        "verified_after": new.verified.level,
    }


def _tell_migrated(
    desk: Desk,
    workflow: Workflow,
    moved: list[dict[str, Any]],
    refused: list[dict[str, str]],
    as_json: bool,
) -> None:
    if as_json:
        desk.json({"moved": moved, "refused": refused})
    else:
        for one in moved:
            desk.say("migration.moved", **one)
        counts = {"moved": len(moved), "refused": len({one["code"] for one in refused}) or None}
        desk.say("migration.done", key=workflow.key, version=workflow.version, **counts)
        say = desk.wording.say
        desk.complain(
            [say("migration.refused", {"code": one["code"], "sentence": one["text"]}) for one in refused]
        )
    if refused:
        raise typer.Exit(REFUSED)


def _summary(workflow: Workflow) -> dict[str, Any]:
    return {
        "key": workflow.key,
        "version": workflow.version,
        "title": {"th": workflow.title.th, "en": workflow.title.en},
        "order": workflow.order,
        "top_level": workflow.top_level,
        "hash": workflow.source_hash,
    }


def _as_data(workflow: Workflow) -> dict[str, Any]:
    return {
        **_summary(workflow),
        "description": {"th": workflow.description.th, "en": workflow.description.en},
        "milestones": [
            {
                "key": one.key,
                "title": {"th": one.title.th, "en": one.title.en},
                "needs": one.needs,
                "due_quarter": one.due_quarter,
                "optional": one.optional,
                "supplied_by": one.supplied_by,
                "kinds": [
                    {
                        "key": kind.key,
                        "counts": kind.counts,
                        "phrases": [phrase.written for phrase in kind.phrases],
                    }
                    for kind in one.kinds
                ],
                "evidence": [
                    {
                        "key": asked.key,
                        "title": {"th": asked.title.th, "en": asked.title.en},
                        "required": asked.required,
                    }
                    for asked in one.evidence
                ],
                "measured": None
                if one.measure is None
                else {
                    "kind": one.measure.kind,
                    "direction": one.measure.direction,
                    "year_value": one.measure.year_value,
                    "of_target": one.measure.of_target,
                    "minimum": None if one.measure.minimum is None else json_number(one.measure.minimum),
                    "maximum": None if one.measure.maximum is None else json_number(one.measure.maximum),
                },
            }
            for one in workflow.milestones
        ],
        "levels": [
            {
                "level": rung.level,
                "state": rung.state,
                "title": {"th": rung.title.th, "en": rung.title.en},
                "rule": _whole_rule(rung.rule),
            }
            for rung in workflow.levels
        ],
    }


def _whole_rule(rule: Rule) -> str:
    """A rule with its parts in one line: ``all(a, at least 2(b, c, d))``."""
    if isinstance(rule, AllOf | AnyOf | AtLeast):
        return f"{rule_text(rule)}({', '.join(_whole_rule(part) for part in rule.rules)})"
    return rule_text(rule)
