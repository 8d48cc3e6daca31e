"""What only those may do who keep the city's records: its agencies and its people."""

from engine.errors import unless
from engine.guards import not_permitted
from engine.permissions import Action, Person, Subject


def check_manager(by: Person) -> None:
    """Refuse whoever may not add agencies and people."""
    unless([not_permitted(by, Action.MANAGE_PEOPLE, Subject())])
