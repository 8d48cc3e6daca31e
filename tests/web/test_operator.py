"""What a script did is told of the operator, in the language of whoever reads it."""

from decimal import Decimal

from engine import actions
from engine.actions import NewOccurrence
from tests.cast import ADMINISTRATOR, GUIDELINES, OPERATOR
from tests.web.coordinators import BASE, DAY, did, enter, words


def test_operator_has_a_name_in_both_languages_wherever_people_are_named(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(GUIDELINES, DAY), by=OPERATOR)
    did(town, actions.write_report, 3, narrative="จัดทำแล้ว", self_reported=Decimal(1), by=OPERATOR)
    did(town, actions.submit_report, 3, by=OPERATOR)
    enter(town, ADMINISTRATOR)
    pages = [
        BASE,
        f"{BASE}/history",
        f"{BASE}/proof",
        f"{BASE}/milestones/{GUIDELINES}",
        f"{BASE}/quarters/3",
        f"/administration/journal?code={BASE.rsplit('/', 1)[-1]}",
    ]
    for path in pages:
        thai = words(town.get(f"{path}{'&' if '?' in path else '?'}lang=th").text)
        assert "ผู้ปฏิบัติการระบบ" in thai, path
        assert "operator" not in thai, path
        english = words(town.get(f"{path}{'&' if '?' in path else '?'}lang=en").text)
        assert "operator" in english, path
