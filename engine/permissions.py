"""Who may do what, as one table: an action, the roles that may do it, and how far each reaches."""

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a person is to an agency or to the city."""

    COORDINATOR = "coordinator"
    DEPUTY = "deputy"  # does the coordinator's work beside them or in their place
    SECTION_HEAD = "section_head"
    DIRECTOR = "director"  # of the district or department
    OWNER = "owner"  # the department that sets the guidelines of a workflow
    EVALUATOR = "evaluator"
    ADMINISTRATOR = "administrator"
    VIEWER = "viewer"
    OPERATOR = "operator"  # a script with access to the database itself


class Reach(StrEnum):
    """Which indicators a role's permission covers."""

    OWN_AGENCY = "own_agency"
    OWN_WORKFLOWS = "own_workflows"
    EVERYWHERE = "everywhere"


class Action(StrEnum):
    """Everything a person can do to an indicator, a quarter or the city's records."""

    VIEW = "view"
    RECORD = "record"
    VOID = "void"
    APPROVE_UNDATED = "approve_undated"
    ATTACH = "attach"
    ACHIEVE = "achieve"
    REOPEN = "reopen"
    BLOCK = "block"
    RESUME = "resume"
    VERIFY = "verify"
    RETURN = "return"
    POSTPONE = "postpone"
    WAIVE = "waive"
    WRITE_REPORT = "write_report"
    SUBMIT_REPORT = "submit_report"
    ENDORSE_REPORT = "endorse_report"
    ACCEPT_REPORT = "accept_report"
    RETURN_REPORT = "return_report"
    READ_AGAIN = "read_again"
    APPEAL = "appeal"
    DECIDE_APPEAL = "decide_appeal"
    PETITION = "petition"
    REQUEST_CANCELLATION = "request_cancellation"
    CANCEL = "cancel"
    EXTEND = "extend"
    SEAL = "seal"
    CORRECT = "correct"
    MANAGE_INDICATORS = "manage_indicators"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_WEBHOOKS = "manage_webhooks"
    MANAGE_SETTINGS = "manage_settings"


class Grant(NamedTuple):
    """A role given to a person; ``agency`` is ``None`` where the role does not belong to one agency."""

    role: Role
    agency: int | None = None


class Person(NamedTuple):
    """Someone who acts; ``id`` is stable, ``name`` is what histories show."""

    id: int
    name: str
    grants: tuple[Grant, ...] = ()

    def has(self, role: Role) -> bool:
        """Whether any grant of this person is of that role."""
        return any(grant.role is role for grant in self.grants)


class Subject(NamedTuple):
    """What is acted upon, as far as permissions care: the agency, and the owner of its workflow."""

    agency: int | None = None
    workflow_owner: int | None = None


#: Those who do an agency's work, or answer for it.
AT_AN_AGENCY = frozenset({Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD, Role.DIRECTOR})

_OWN, _SET, _ALL = Reach.OWN_AGENCY, Reach.OWN_WORKFLOWS, Reach.EVERYWHERE
_C, _D, _H, _B, _O, _E, _A, _V = (
    Role.COORDINATOR,
    Role.DEPUTY,
    Role.SECTION_HEAD,
    Role.DIRECTOR,
    Role.OWNER,
    Role.EVALUATOR,
    Role.ADMINISTRATOR,
    Role.VIEWER,
)
_WORKERS = {_C: _OWN, _D: _OWN, _H: _OWN}

#: The whole table. A role that is absent from a row may not do it. The operator may do everything:
#: whoever runs scripts on the database could write to it anyway, so the journal names it instead.
PERMISSIONS: dict[Action, dict[Role, Reach]] = {
    Action.VIEW: {**_WORKERS, _B: _OWN, _O: _SET, _E: _ALL, _A: _ALL, _V: _ALL},
    Action.RECORD: _WORKERS,
    Action.VOID: _WORKERS,
    Action.APPROVE_UNDATED: {_H: _OWN, _E: _ALL},
    Action.ATTACH: _WORKERS,
    Action.ACHIEVE: _WORKERS,
    Action.REOPEN: {**_WORKERS, _E: _ALL},
    Action.BLOCK: _WORKERS,
    Action.RESUME: {**_WORKERS, _O: _SET, _E: _ALL},
    Action.VERIFY: {_E: _ALL},
    Action.RETURN: {_E: _ALL},
    Action.POSTPONE: {_O: _SET, _E: _ALL},
    Action.WAIVE: {_E: _ALL},
    Action.WRITE_REPORT: _WORKERS,
    Action.SUBMIT_REPORT: _WORKERS,
    Action.ENDORSE_REPORT: {_H: _OWN},
    Action.ACCEPT_REPORT: {_E: _ALL},
    Action.RETURN_REPORT: {_H: _OWN, _E: _ALL},
    Action.READ_AGAIN: {_E: _ALL},
    Action.APPEAL: _WORKERS,
    Action.DECIDE_APPEAL: {_E: _ALL},
    Action.PETITION: _WORKERS,
    Action.REQUEST_CANCELLATION: _WORKERS,
    Action.CANCEL: {_E: _ALL},
    Action.EXTEND: {_E: _ALL, _A: _ALL},
    Action.SEAL: {_E: _ALL},
    Action.CORRECT: {_E: _ALL, _A: _ALL},
    Action.MANAGE_INDICATORS: {_A: _ALL},
    Action.MANAGE_PEOPLE: {_A: _ALL},
    Action.MANAGE_WEBHOOKS: {_A: _ALL},
    Action.MANAGE_SETTINGS: {_A: _ALL},
}


def who_may(action: Action) -> tuple[Role, ...]:
    """The roles that may do ``action`` somewhere, in the order of the table."""
    return tuple(PERMISSIONS[action])


def may(person: Person, action: Action, subject: Subject) -> bool:
    """Whether ``person`` may do ``action`` to ``subject``."""
    row = PERMISSIONS[action]
    return any(
        grant.role is Role.OPERATOR or (grant.role in row and _reaches(row[grant.role], grant, subject))
        for grant in person.grants
    )


def _reaches(reach: Reach, grant: Grant, subject: Subject) -> bool:
    if reach is Reach.EVERYWHERE:
        return True
    own = subject.agency if reach is Reach.OWN_AGENCY else subject.workflow_owner
    return grant.agency is not None and grant.agency == own
