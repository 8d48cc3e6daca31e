"""Every route has a rule, made from the table of routes: whoever adds one is held to it as well."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from storage import sessions
from tests.cast import CODE, COORDINATOR, OPERATOR, SAI_MAI_COORDINATOR
from tests.conftest import Copies
from tests.storage.conftest import fill_city
from tests.web.conftest import town_at
from tests.web.doorway import COOKIE, come_in, token_in
from tests.web.town import NOW, Town
from web.doors import Rule
from web.site import OpenId

#: What stands for a part of a path; anything else is a number.
PARTS = {"code": CODE, "year": "2564"}
#: Two sites that have every route between them: without the demo and another house to sign in at, and with.
SITES: dict[str, dict[str, Any]] = {
    "plain": {},
    "all": {
        "public": True,
        "demo_people": ((COORDINATOR.id, "coordinator"),),
        "openid": OpenId("https://id.example", "radap", "secret", "City ID"),
    },
}


@pytest.fixture(params=[("plain", "sqlite"), ("all", "postgresql")], ids=" on ".join)
def house(
    request: pytest.FixtureRequest, copy_of: Copies, tmp_path: Path, loop: BlockingPortal
) -> Iterator[Town]:
    """Each site on a kind of database of its own: nearly all routes are in both."""
    site, kind = request.param
    with town_at(copy_of(kind, fill_city), tmp_path, loop) as town:
        town.open(replace(town.site, **SITES[site]))
        yield town


def app_of(town: Town) -> Starlette:
    app = town.client.app
    assert isinstance(app, Starlette)
    return app


def routes_of(town: Town) -> Iterator[tuple[str, str, Route]]:
    """Every method of every route, wherever it was included."""
    for route in _all(app_of(town).routes):
        assert isinstance(route, Route), f"{route} is behind no rule"
        for method in sorted(route.methods or ()):
            yield method, route.path, route


def _all(routes: list[Any]) -> Iterator[Any]:
    for route in routes:
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        if isinstance(route, Mount) and route.path == "/static":
            continue  # files of ours, for everybody
        if inner:
            yield from _all(inner)
        else:
            yield route


def rules_of(town: Town) -> dict[tuple[str, str], Rule]:
    rules: dict[tuple[str, str], Rule] = app_of(town).state.rules
    return rules


def is_page(path: str) -> bool:
    """Whether people come there; programs bring tokens (see ``test_api_rules.py``)."""
    return not path.startswith("/api/")


def filled(path: str) -> str:
    return re.sub(r"\{([a-z_]+)[^}]*\}", lambda part: PARTS.get(part[1], "1"), path)


def closed(town: Town, *methods: str) -> list[tuple[str, str, Rule]]:
    return [
        (method, path, rule)
        for (method, path), rule in sorted(rules_of(town).items(), key=lambda item: item[0])
        if is_page(path) and rule.signed_in and (not methods or method in methods)
    ]


def test_every_route_has_a_rule_and_every_rule_a_route(house):
    routes = {(method, path) for method, path, _ in routes_of(house)}
    assert len(routes) > 10
    assert routes == set(rules_of(house))


def test_route_without_a_rule_would_be_found(house):
    app_of(house).add_route("/back-door", lambda _request: PlainTextResponse("open"))
    routes = {(method, path) for method, path, _ in routes_of(house)}
    assert routes - set(rules_of(house)) == {("GET", "/back-door"), ("HEAD", "/back-door")}


def test_stranger_is_shown_the_way_in_by_every_route_that_is_not_open(house):
    for method, path, _ in closed(house):
        answer = house.client.request(method, filled(path), follow_redirects=False)
        assert answer.status_code == 303, (method, path)
        assert answer.headers["location"].startswith("/sign-in"), (method, path)
        assert answer.content == b"", (method, path)


def test_secret_of_no_session_is_no_way_in(house):
    for token in ("x", "A" * 43, '"; x=', "a" * 5000):
        house.client.headers["cookie"] = f"{COOKIE}={token}"
        for method, path, _ in closed(house, "GET"):
            answer = house.client.request(method, filled(path), follow_redirects=False)
            assert answer.status_code == 303, (method, path)


def test_every_page_of_an_indicator_is_none_for_another_district(house):
    """Whoever works for another district is not even told that there is such an indicator."""
    come_in(house, SAI_MAI_COORDINATOR.id)
    token = token_in(house.get("/"))
    seen = {}
    for method, path, _route in routes_of(house):
        if "{code}" not in path or not is_page(path):
            continue
        data = {"token": token} if method not in ("GET", "HEAD") else None
        answer = house.client.request(method, filled(path), data=data, follow_redirects=False)
        seen[method, path] = answer.status_code

    assert len(seen) > 50
    assert {key for key, status in seen.items() if status != 404} == set()


def test_every_page_of_the_whole_city_is_closed_to_who_works_for_one_district(house):
    """Routes with an action and no indicator: whoever may not do it anywhere is told so."""
    come_in(house, COORDINATOR.id)
    token = token_in(house.get("/"))
    seen = {}
    for method, path, rule in closed(house):
        if rule.action is None or "{code}" in path:
            continue
        data = {"token": token} if method not in ("GET", "HEAD") else None
        answer = house.client.request(method, filled(path), data=data, follow_redirects=False)
        seen[method, path] = answer.status_code

    assert len(seen) > 5
    assert {key for key, status in seen.items() if status != 403} == set()


def test_every_form_needs_the_token_of_its_own_session(house):
    """As the operator, whom every rule lets in: what remains is the token."""
    come_in(house, OPERATOR.id)
    foreign = token_in(house.get("/account"))
    house.client.cookies.clear()
    come_in(house, OPERATOR.id)
    forms = closed(house, "POST", "PUT", "PATCH", "DELETE")
    assert len(forms) >= 5
    for method, path, _ in forms:
        for data in ({}, {"token": ""}, {"token": "x"}, {"token": foreign}):
            answer = house.client.request(method, filled(path), data=data, follow_redirects=False)
            assert answer.status_code == 403, (method, path, data)
        headers = {"content-type": "application/json", "x-radap-token": foreign}
        answer = house.client.request(method, filled(path), content=b"{}", headers=headers)
        assert answer.status_code == 403, (method, path)
    assert still_in(house)  # no form of theirs signed anybody out


def still_in(town: Town) -> bool:
    with town.store.read() as tx:
        return len(sessions.of_person(tx.connection, OPERATOR.id, NOW)) == 2


def test_every_form_refuses_another_site(house):
    come_in(house, OPERATOR.id)
    own = token_in(house.get("/account"))
    for (method, path), _ in sorted(rules_of(house).items(), key=lambda item: item[0]):
        if method in ("GET", "HEAD") or not is_page(path):
            continue
        for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            answer = house.client.request(method, filled(path), data={"token": own}, headers=headers)
            assert answer.status_code == 403, (method, path, headers)


def test_head_is_behind_the_rule_of_its_page(house):
    rules = rules_of(house)
    for (method, path), rule in rules.items():
        if method == "HEAD":
            assert rules["GET", path] == rule
