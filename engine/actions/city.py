"""What only those may do who keep the city's records: its agencies, its people, its webhooks."""

from engine.errors import unless
from engine.guards import not_permitted
from engine.permissions import Action, Person, Subject


def check_manager(by: Person, action: Action = Action.MANAGE_PEOPLE) -> None:
    """Refuse whoever may not add agencies and people, or do that."""
    unless([not_permitted(by, action, Subject())])
