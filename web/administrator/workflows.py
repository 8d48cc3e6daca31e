"""Definitions: their versions with how many indicators run on each, and one with its ladder drawn."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from engine.permissions import Action
from engine.wording import Wording
from engine.workflow import NOT_STARTED, Workflow
from storage import definitions
from web.administrator.counter import Counter, number_of
from web.doors import Doors, for_city
from workflows.diagram import described


def add_routes(router: APIRouter, counter: Counter, doors: Doors) -> None:
    """The pages under ``/administration/workflows``."""
    room, rule = _Definitions(counter), for_city(Action.MANAGE_INDICATORS)
    doors.add(router, "/administration/workflows", room.listed, rule)
    doors.add(router, "/administration/workflows/{version}", room.show, rule)


class _Definitions:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def listed(self, request: Request) -> Response:
        wording, base = self._counter.wording(request), f"{self._counter.site.root}/administration/workflows"
        with self._counter.site.store.read() as tx:
            found = definitions.kept(tx.connection, self._counter.site.store.workflow)
        values = {
            "rows": [
                [
                    {"href": f"{base}/{one.id}", "words": wording.value(one.workflow.title)},
                    one.workflow.key,
                    one.workflow.version,
                    one.indicators,
                    wording.value(one.registered_at),
                ]
                for one in found
            ]
        }
        return self._counter.show(request, "workflows", wording.say("admin.workflows"), values)

    def show(self, request: Request, version: str) -> Response:
        """One version: its ladder with how many indicators stand on each rung, and its milestones."""
        wording, number = self._counter.wording(request), number_of(version)
        with self._counter.site.store.read() as tx:
            every = definitions.kept(tx.connection, self._counter.site.store.workflow)
            found = next((one for one in every if one.id == number), None)
            if found is None:
                raise HTTPException(404)
            standing = definitions.standing(tx.connection, number)
        workflow = found.workflow
        values = {
            "key": workflow.key,
            "version": workflow.version,
            "hash": workflow.source_hash,
            "indicators": found.indicators,
            "description": wording.value(workflow.description),
            "rungs": _rungs(workflow, standing, wording),
            "milestones": [
                [
                    wording.value(one.title),
                    one.needs,
                    wording.say("admin.quarter", number=one.due_quarter),
                    wording.word("role", one.supplied_by),
                    ", ".join(wording.value(asked.title) for asked in one.evidence) or "–",
                ]
                for one in workflow.milestones
            ],
        }
        return self._counter.show(request, "workflow", wording.value(workflow.title), values)


def _rungs(workflow: Workflow, standing: dict[int, int], wording: Wording) -> list[dict[str, Any]]:
    """The states from the highest down to where nothing has begun."""
    begun = [
        {
            "level": rung.level,
            "title": wording.value(rung.title),
            "state": rung.state,
            "rule": described(rung.rule, workflow, wording.language),
            "count": standing.get(rung.level, 0),
        }
        for rung in reversed(workflow.levels)
    ]
    start = {
        "level": 0,
        "title": wording.say("admin.not_started"),
        "state": NOT_STARTED,
        "rule": "",
        "count": standing.get(0, 0),
    }
    return [*begun, start]
