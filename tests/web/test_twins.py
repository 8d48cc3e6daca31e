"""Every route of the pages has its twin in the API with the same permission, made from the routes."""

from dataclasses import replace

import pytest

from engine.permissions import Action, Grant, Person, Role, Subject, may
from storage import registry
from tests.cast import OPERATOR, THUNG_KHRU
from tests.web.programs import program
from tests.web.test_rules import SITES, filled, is_page, routes_of, rules_of
from tests.web.town import Town
from tests.web.twins import PAGES_ONLY, TWINS, is_for_people
from web.doors import Rule

API = "/api/v1"


@pytest.fixture
def house(sqlite_town: Town) -> Town:
    """The site that has every route."""
    sqlite_town.open(replace(sqlite_town.site, **SITES["all"]))
    return sqlite_town


def pages(town: Town) -> list[tuple[str, str]]:
    found = {(method, path) for method, path, _ in routes_of(town) if is_page(path) and method != "HEAD"}
    return sorted(found)


def test_every_page_has_its_twin(house):
    assert {key for key in pages(house) if key not in TWINS and not is_for_people(*key)} == set()


def test_no_twin_of_a_page_that_there_is_not(house):
    there = set(pages(house))
    assert {key for key in TWINS if key not in there} == set()
    assert {key for key in TWINS if is_for_people(*key)} == set()
    for begin in PAGES_ONLY:
        path, _, method = begin.partition(":")
        assert any(one.startswith(path) and method in ("", how) for how, one in there), begin


def test_twins_have_the_same_rule(house):
    rules = rules_of(house)
    different = {}
    for page, (method, path) in TWINS.items():
        own, other = (replace(rules[key], files=False, longest=0) for key in (page, (method, API + path)))
        if own != other:
            different[page] = (own, other)
    assert different == {}


def test_every_operation_is_the_twin_of_a_page(house):
    """But for those whose page asks which of several things is to be done."""
    twins = {(method, API + path) for method, path in TWINS.values()}
    operations = {
        (method, path) for method, path, _ in routes_of(house) if not is_page(path) and method != "HEAD"
    }
    assert operations - twins == {
        ("GET", f"{API}/openapi.json"),
        ("POST", f"{API}/administration/jobs/{{number}}/cancel"),
        ("POST", f"{API}/outbox/{{number}}/hold"),
        ("POST", f"{API}/outbox/{{number}}/release"),
        ("POST", f"{API}/webhooks/{{number}}/resume"),
        ("POST", f"{API}/webhooks/{{number}}/test"),
        ("POST", f"{API}/webhooks/{{number}}/renew"),
        ("POST", f"{API}/webhooks/{{number}}/repeat"),
        ("DELETE", f"{API}/webhooks/{{number}}"),
    }


@pytest.mark.parametrize("role", list(Role))
def test_twins_let_in_whom_the_rules_of_the_pages_let_in(house, role):
    """Each twin asked by somebody of that role who is new at the district, beside the rule of its page."""
    person = OPERATOR if role is Role.OPERATOR else _newcomer(house, role)
    theirs, rules = program(house, person.id), rules_of(house)
    seen = {}
    for page, (method, twin) in TWINS.items():
        status = theirs.ask(method, filled(twin), {}, if_match="*").status_code
        expected = _turned_away(person, rules[page])
        is_let_in = status != 403 or _is_decided_inside(twin)
        if not (status == expected if expected else is_let_in):
            seen[page] = (status, expected)
    assert seen == {}


def _turned_away(person: Person, rule: Rule) -> int | None:
    """With which status the page turns the person away; ``None`` where it lets them in."""
    subject = Subject(THUNG_KHRU) if rule.sees else Subject()
    if rule.sees and not may(person, Action.VIEW, subject):
        return 404
    if rule.action is not None and not may(person, rule.action, subject):
        return 403
    return None


def _is_decided_inside(path: str) -> bool:
    """Who decides on a petition depends on what it asks for; files are for who may do something with them."""
    return path.endswith(("/grant", "/decline")) or path.startswith(("/uploads", "/spreadsheets"))


def _newcomer(town: Town, role: Role) -> Person:
    """Somebody of that role, at the district where the role is held at one."""
    agency = None if role in (Role.EVALUATOR, Role.ADMINISTRATOR, Role.VIEWER) else THUNG_KHRU
    grants = [Grant(role, agency)]
    with town.store.begin() as tx:
        email = f"{role}@new.example"
        number = registry.add_person(tx, email, str(role), "th", grants, by=OPERATOR.id, now=town.clock.now)
    return Person(number, str(role), tuple(grants))
