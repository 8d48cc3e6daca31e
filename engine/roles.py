"""Which roles may be given to people and taken from them, and by whom."""

from engine.errors import refuse
from engine.nearest import nearest
from engine.permissions import Grant, Person, Role

#: Roles that mean nothing without the agency they are held at.
AT_AN_AGENCY = (Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD, Role.DIRECTOR, Role.OWNER)
#: What people can be; the operator is a script on the database itself, and nobody's role.
OF_PEOPLE = tuple(role for role in Role if role is not Role.OPERATOR)


def grant_of(given: str, agency: int | None) -> Grant:
    """The role of that name at the agency; refused (``role.unknown``, ``role.needs_agency``)."""
    known = [str(role) for role in Role]
    if given not in known:
        raise refuse("role.unknown", given=given, nearest=nearest(given, known), known=known)
    role = Role(given)
    if agency is None and role in AT_AN_AGENCY:
        raise refuse("role.needs_agency", role=role, given=given)
    return Grant(role, agency)


def check_given(by: Person, person: Person, grant: Grant) -> None:
    """Refuse to give oneself a role, to give one twice, and to make anybody the operator."""
    _not_ones_own(by, person)
    if grant.role is Role.OPERATOR:
        raise refuse("role.not_for_people")
    if grant in person.grants:
        raise refuse("role.held", name=person.name, role=grant.role)


def check_taken(by: Person, person: Person, grant: Grant, administrators: int) -> None:
    """Refuse to take a role of one's own, one that is not held, and that of the last administrator.

    ``administrators`` is how many people are that now.
    """
    _not_ones_own(by, person)
    if grant not in person.grants:
        raise refuse("role.not_held", name=person.name, role=grant.role)
    if grant.role is Role.ADMINISTRATOR and administrators <= 1:
        raise refuse("role.last_administrator", name=person.name)


def _not_ones_own(by: Person, person: Person) -> None:
    if by.id == person.id:
        raise refuse("role.own")
