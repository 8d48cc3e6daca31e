"""Every operation of the API has a rule, made from the table of routes like that of the pages."""

from engine.permissions import Action
from engine.tokens import SCOPES, Scope
from tests.cast import OPERATOR, SAI_MAI_COORDINATOR
from tests.web.doorway import come_in
from tests.web.programs import program
from tests.web.test_rules import filled, is_page, routes_of, rules_of
from tests.web.town import Town


def operations(town: Town) -> list[tuple[str, str]]:
    return sorted({(method, path) for method, path, _ in routes_of(town) if not is_page(path)})


def closed(town: Town) -> list[tuple[str, str]]:
    rules = rules_of(town)
    return [key for key in operations(town) if rules[key].signed_in]


def test_document_alone_is_open(sqlite_town):
    opened = set(operations(sqlite_town)) - set(closed(sqlite_town))
    assert {path for _, path in opened} == {"/api/v1/openapi.json"}


def test_stranger_and_session_are_told_nothing(sqlite_town):
    for _ in range(2):
        for method, path in closed(sqlite_town):
            answer = sqlite_town.client.request(method, filled(path), json={})
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), (method, path)
        come_in(sqlite_town, OPERATOR.id)


def test_nothing_of_an_indicator_is_told_to_another_district(sqlite_town):
    theirs = program(sqlite_town, SAI_MAI_COORDINATOR.id)
    seen = {}
    for method, path in closed(sqlite_town):
        if "{code}" in path:
            short = filled(path).removeprefix("/api/v1")
            seen[method, path] = theirs.ask(method, short, {}, if_match="*").status_code
    assert len(seen) > 30
    assert {key for key, status in seen.items() if status != 404} == set()


def test_token_without_scopes_of_changes_changes_nothing(sqlite_town):
    """As the operator, whom every rule lets in: what remains is the scope."""
    reader = program(sqlite_town, OPERATOR.id, "read")
    seen = {}
    for method, path in closed(sqlite_town):
        if method not in ("GET", "HEAD"):
            short = filled(path).removeprefix("/api/v1")
            seen[method, path] = reader.ask(method, short, {}, if_match="*").json().get("type")
    assert len(seen) > 20
    # What only has something made, or proved, reads.
    assert {path for (_, path), said in seen.items() if said != "urn:radap:problem:scope"} == {
        "/api/v1/jobs",
        "/api/v1/seals/{year}/{quarter}/verify",
    }


def test_every_action_has_a_scope_and_no_scope_is_idle():
    assert set(SCOPES) == set(Action)
    assert set(SCOPES.values()) == set(Scope)
