"""Who may do what: the whole table, written a second time by hand, and asked of people."""

import pytest

from engine.permissions import Action, Grant, Person, Reach, Role, Subject, may, who_may
from tests.cast import (
    ADMINISTRATOR,
    COORDINATOR,
    EVALUATOR,
    OPERATOR,
    SAI_MAI,
    SAI_MAI_COORDINATOR,
    SECTION_HEAD,
    THUNG_KHRU,
)

STRATEGY = 9
#: What each role may do: "own" in its agency, "set" to indicators on its department's workflows, "all".
ROLES = ("coordinator", "deputy", "section_head", "director", "owner", "evaluator", "administrator", "viewer")
MATRIX = {
    "view":                 ("own", "own", "own", "own", "set", "all", "all", "all"),
    "record":               ("own", "own", "own", "-",   "-",   "-",   "-",   "-"),
    "void":                 ("own", "own", "own", "-",   "-",   "-",   "-",   "-"),
    "approve_undated":      ("-",   "-",   "own", "-",   "-",   "all", "-",   "-"),
    "attach":               ("own", "own", "own", "-",   "-",   "-",   "-",   "-"),
    "achieve":              ("own", "own", "own", "-",   "-",   "-",   "-",   "-"),
    "reopen":               ("own", "own", "own", "-",   "-",   "all", "-",   "-"),
    "block":                ("own", "own", "own", "-",   "-",   "-",   "-",   "-"),
    "resume":               ("own", "own", "own", "-",   "set", "all", "-",   "-"),
    "verify":               ("-",   "-",   "-",   "-",   "-",   "all", "-",   "-"),
    "return":               ("-",   "-",   "-",   "-",   "-",   "all", "-",   "-"),
    "postpone":             ("-",   "-",   "-",   "-",   "set", "all", "-",   "-"),
    "waive":                ("-",   "-",   "-",   "-",   "-",   "all", "-",   "-"),
    "write_report":         ("own", "own", "own", "-",   "-",   "-",   "-",   "-"),
    "submit_report":        ("own", "own", "own", "-",   "-",   "-",   "-",   "-"),
    "endorse_report":       ("-",   "-",   "own", "-",   "-",   "-",   "-",   "-"),
    "accept_report":        ("-",   "-",   "-",   "-",   "-",   "all", "-",   "-"),
    "return_report":        ("-",   "-",   "own", "-",   "-",   "all", "-",   "-"),
    "read_again":           ("-",   "-",   "-",   "-",   "-",   "all", "-",   "-"),
    "appeal":               ("own", "own", "own", "-",   "-",   "-",   "-",   "-"),
    "decide_appeal":        ("-",   "-",   "-",   "-",   "-",   "all", "-",   "-"),
    "petition":             ("own", "own", "own", "-",   "-",   "-",   "-",   "-"),
    "request_cancellation": ("own", "own", "own", "-",   "-",   "-",   "-",   "-"),
    "cancel":               ("-",   "-",   "-",   "-",   "-",   "all", "-",   "-"),
    "extend":               ("-",   "-",   "-",   "-",   "-",   "all", "all", "-"),
    "seal":                 ("-",   "-",   "-",   "-",   "-",   "all", "-",   "-"),
    "correct":              ("-",   "-",   "-",   "-",   "-",   "all", "all", "-"),
    "manage_indicators":    ("-",   "-",   "-",   "-",   "-",   "-",   "all", "-"),
    "manage_people":        ("-",   "-",   "-",   "-",   "-",   "-",   "all", "-"),
    "manage_webhooks":      ("-",   "-",   "-",   "-",   "-",   "-",   "all", "-"),
    "manage_settings":      ("-",   "-",   "-",   "-",   "-",   "-",   "all", "-"),
}  # fmt: skip  # a table is read by its columns
SUBJECTS = {
    "own": Subject(THUNG_KHRU, None),
    "set": Subject(SAI_MAI, THUNG_KHRU),
    "none of theirs": Subject(SAI_MAI, STRATEGY),
    "the city": Subject(),
}
REACHED = {
    "-": [],
    "own": ["own"],
    "set": ["set"],
    "all": ["own", "set", "none of theirs", "the city"],
}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", ROLES)
def test_role_may_do_what_its_cell_says(role, action):
    person = Person(1, "somebody", (Grant(Role(role), THUNG_KHRU),))
    reach = MATRIX[action][ROLES.index(role)]
    assert [name for name, subject in SUBJECTS.items() if may(person, action, subject)] == REACHED[reach]


def test_matrix_has_every_action_and_every_role_but_the_operator():
    assert list(MATRIX) == [str(action) for action in Action]
    assert [*ROLES, "operator"] == [str(role) for role in Role]


@pytest.mark.parametrize("action", Action)
def test_operator_may_do_everything_and_nobody_is_told_to_ask_one(action):
    assert [may(OPERATOR, action, subject) for subject in SUBJECTS.values()] == [True] * 4
    assert Role.OPERATOR not in who_may(action)


@pytest.mark.parametrize("action", Action)
def test_person_without_a_role_may_do_nothing(action):
    assert [may(Person(1, "guest"), action, subject) for subject in SUBJECTS.values()] == [False] * 4


@pytest.mark.parametrize(
    "role", [Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD, Role.DIRECTOR, Role.OWNER]
)
def test_role_of_no_agency_reaches_nothing_that_belongs_to_none(role):
    person = Person(1, "somebody", (Grant(role),))
    assert [action for action in Action if may(person, action, Subject())] == []


@pytest.mark.parametrize("action", Action)
def test_who_may_are_the_roles_of_the_row(action):
    row = zip(ROLES, MATRIX[action], strict=True)
    assert [str(role) for role in who_may(action)] == [role for role, reach in row if reach != "-"]


def test_roles_of_one_person_add_up():
    both = Person(1, "both", (Grant(Role.COORDINATOR, SAI_MAI), Grant(Role.SECTION_HEAD, THUNG_KHRU)))
    assert may(both, Action.RECORD, Subject(SAI_MAI))
    assert may(both, Action.ENDORSE_REPORT, Subject(THUNG_KHRU))
    assert not may(both, Action.ENDORSE_REPORT, Subject(SAI_MAI))


def test_deputy_may_what_a_coordinator_may_and_a_director_looks():
    assert [MATRIX[action][1] for action in Action] == [MATRIX[action][0] for action in Action]
    assert [action for action in Action if MATRIX[action][3] != "-"] == [Action.VIEW]


def test_cast_is_what_its_names_say():
    subject = Subject(THUNG_KHRU)
    cast = (COORDINATOR, SAI_MAI_COORDINATOR, SECTION_HEAD, EVALUATOR, ADMINISTRATOR)
    assert [may(one, Action.RECORD, subject) for one in cast] == [True, False, True, False, False]
    assert [may(one, Action.VERIFY, subject) for one in cast] == [False, False, False, True, False]


def test_reaches_are_the_three():
    assert list(Reach) == ["own_agency", "own_workflows", "everywhere"]
