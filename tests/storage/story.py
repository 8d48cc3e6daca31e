"""A year in which everything happens that can: each thing a person does, once at least, in order of time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from engine import actions
from engine.actions import NewOccurrence, NewPetition
from engine.outbox import NewMessage, Way
from engine.pages.kept import TakenReport, Texts
from engine.pages.values import ImportedPage, PlanLine
from engine.permissions import Grant, Role
from engine.petition import PetitionKind
from engine.quarter import Quarter
from engine.reminders import Owed, Subject, Topic
from engine.reminders.notices import Notice
from engine.workflow import LevelRule, MilestoneDefinition, Order, Reached, Text, Workflow
from storage import (
    door,
    drafts,
    duty,
    endpoints,
    evidence,
    gathering,
    outbox,
    quiets,
    registry,
    reminding,
    second_factors,
    setting_changes,
    telling,
)
from storage.account_tables import credentials
from storage.door import AtTheDoor
from storage.drafts import Draft
from storage.sessions import Client
from storage.store import Store
from storage.tables import metadata
from storage.transaction import Tx
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    ISSUE,
    MEASURED,
    MEASURED_NEXT,
    MEETINGS,
    NEXT_TEXT,
    OPERATOR,
    REPORT,
    SECTION_HEAD,
    THUNG_KHRU,
    YEAR,
    at,
    new_indicator,
    write_city,
)

OTHER, PERCENT, IMPORTED = "5049-0938", "5049-1001", "5049-1002"
FILE = evidence.Kept("a" * 64, 1234, "application/pdf")
_UNUSED = Workflow(
    "unused",
    1,
    Text("ยังไม่ใช้", "Unused"),
    Order.ANY,
    (MilestoneDefinition("done", Text("เสร็จ", "Done")),),
    (LevelRule(1, "done", Text("เสร็จ", "Done"), Reached("done")),),
    source_hash="7" * 64,
)


def imported(code: str, now: datetime, narrative: str = "ทำแล้ว") -> actions.TakenPage:
    """A page of two quarters that are open, one of them evaluated."""
    return actions.TakenPage(
        new_indicator(code, workflow=MEASURED),
        Texts("routine", "output", "นิยาม", "วิธี", None, (PlanLine("5.2", "ภาคประชาสังคม"),)),
        (
            TakenReport(3, "ทำแล้ว", Decimal(60), 95, 100),
            TakenReport(4, narrative, Decimal("80.5"), None, None),
        ),
        ImportedPage(0, "5049-1002.txt", "whole", sha256(narrative.encode()).hexdigest(), narrative, now, 0),
    )


@dataclass(frozen=True)
class Step:
    """One thing somebody does on a day; ``act`` is given the transaction and the instant."""

    name: str
    on: date
    act: Callable[[Tx, datetime], Any]


def _accept_drawn(tx: Tx, now: datetime) -> None:
    """Accept the first report as in a house that has every report read twice."""
    tx.policy = replace(tx.policy, review=replace(tx.policy.review, second_percent=100))
    actions.accept_report(tx, CODE, YEAR, 1, quality=95, remark="ดี", by=EVALUATOR, now=now)


_accept_drawn.__name__ = "accept_report"


def _migrate(tx: Tx, now: datetime) -> None:
    """Keep another version of a definition, and move an indicator to it."""
    registry.register_workflow(tx, MEASURED_NEXT, NEXT_TEXT, by=ADMINISTRATOR.id, now=now)
    actions.migrate_indicator(tx, PERCENT, YEAR, MEASURED_NEXT, by=ADMINISTRATOR, now=now)


def _year() -> Iterator[Step]:
    def done(action: Callable[..., Any], on: date, *given: Any, code: str = CODE, **more: Any) -> Step:
        """A step that is an action on an indicator."""
        by = more.pop("by", COORDINATOR)
        act = lambda tx, now: action(tx, code, YEAR, *given, by=by, now=now, **more)  # noqa: E731 - one line
        return Step(action.__name__, on, act)

    def fact(on: date, new: NewOccurrence, **more: Any) -> Step:
        return done(actions.record_occurrence, on, new, **more)

    def created(new: actions.NewIndicator) -> Step:
        act = lambda tx, now: actions.create_indicator(tx, new, by=ADMINISTRATOR, now=now)  # noqa: E731 - one line
        return Step("create_indicator", first, act)

    d = date
    first = d(2020, 10, 1)
    yield Step("found_city", first, lambda tx, now: registry.found_city(tx, FOUNDED))
    yield Step("write_city", first, lambda tx, now: write_city(tx))
    yield Step(
        "add_agency",
        first,
        lambda tx, now: registry.add_agency(
            tx, Text("สำนักยุทธศาสตร์", "Strategy"), "office", by=OPERATOR.id, now=now
        ),
    )
    yield Step(
        "add_person",
        first,
        lambda tx, now: registry.add_person(
            tx,
            "nid@saimai.example",
            "นิด สายไหม",
            "en",
            [Grant(Role.COORDINATOR, 2), Grant(Role.VIEWER)],
            by=OPERATOR.id,
            now=now,
        ),
    )
    yield Step(
        "register_workflow",
        first,
        lambda tx, now: registry.register_workflow(tx, _UNUSED, "unused", by=OPERATOR.id, now=now),
    )
    yield created(new_indicator())
    yield created(replace(new_indicator(OTHER), draft=True))
    yield created(new_indicator(PERCENT, workflow=MEASURED))
    yield Step(
        "add_plan_node", first, lambda tx, now: registry.add_plan_node(tx, "5.2", "ภาคประชาสังคม", None)
    )
    yield Step(
        "describe",
        first,
        lambda tx, now: registry.describe(
            tx, 1, registry.Details("strategic", "outcome", "นิยาม", "วิธี", "หลักฐาน", 1, "หน้า 1")
        ),
    )
    yield fact(
        d(2020, 12, 1),
        NewOccurrence(GUIDELINES, d(2020, 12, 1), document_number="กท 0401/๑๒", note="ตามหนังสือ"),
    )
    yield fact(d(2020, 12, 2), NewOccurrence(COMMITTEE, quarter=1, note="คำสั่งไม่ลงวันที่"))
    yield done(actions.approve_occurrence, d(2020, 12, 31), 2, by=SECTION_HEAD)
    yield fact(d(2021, 1, 4), NewOccurrence(MEETINGS, d(2020, 12, 21)))
    yield done(actions.void_occurrence, d(2021, 1, 5), 3, reason="ผิดวัน")
    yield done(actions.verify_milestone, d(2021, 1, 5), GUIDELINES, remark="ครบ", by=EVALUATOR)
    yield done(
        actions.write_report, d(2021, 1, 6), 1, narrative="รายงานไตรมาส 1", self_reported=Decimal("2.50")
    )
    yield done(actions.submit_report, d(2021, 1, 6), 1)
    yield done(actions.return_report, d(2021, 1, 7), 1, reason="ขาดภาพ", by=SECTION_HEAD)
    yield done(actions.write_report, d(2021, 1, 8), 1, narrative="แก้แล้ว")
    yield done(actions.submit_report, d(2021, 1, 8), 1)
    yield done(actions.endorse_report, d(2021, 1, 9), 1, by=SECTION_HEAD)
    yield Step("accept_report", d(2021, 1, 10), _accept_drawn)
    yield done(actions.read_report_again, d(2021, 1, 11), 1, met=["tells_what"], by=OPERATOR)
    yield done(actions.make_appeal, d(2021, 1, 12), 1, reason="ครบแล้ว")
    yield done(actions.decide_appeal, d(2021, 1, 14), 1, uphold=False, reason="ยังขาดภาพ", by=OPERATOR)
    yield Step("migrate_indicator", d(2021, 1, 19), _migrate)
    yield Step(
        "seal_quarter",
        d(2021, 1, 20),
        lambda tx, now: actions.seal_quarter(tx, Quarter(YEAR, 1), reason="พ้นกำหนด", by=EVALUATOR, now=now),
    )
    yield fact(d(2021, 1, 25), NewOccurrence(MEETINGS, d(2021, 2, 10), planned=True))
    excused = NewPetition(PetitionKind.WAIVER, d(2021, 2, 15), "ยังวัดผลไม่ได้", "result")
    yield done(actions.make_petition, d(2021, 1, 26), excused, code=PERCENT)
    yield done(actions.grant_petition, d(2021, 1, 27), 1, by=EVALUATOR, code=PERCENT)
    yield fact(d(2021, 2, 11), NewOccurrence(MEETINGS, d(2021, 2, 10), fulfils=4, document_number="2/64"))
    yield fact(d(2021, 3, 11), NewOccurrence(MEETINGS, d(2021, 3, 10)))
    yield Step("register_file", d(2021, 3, 11), lambda tx, now: evidence.register(tx, FILE, now))
    yield done(
        actions.attach_evidence,
        d(2021, 3, 11),
        REPORT,
        sha256=FILE.sha256,
        file_name="รายงาน.pdf",
    )
    yield done(
        actions.attach_evidence, d(2021, 3, 12), MEETINGS, occurrence=5, link="https://example.org/ประชุม"
    )
    yield done(actions.withdraw_evidence, d(2021, 3, 13), 2, reason="ลิงก์เสีย")
    yield done(actions.verify_milestone, d(2021, 3, 14), MEETINGS, by=EVALUATOR)
    yield done(actions.return_milestone, d(2021, 3, 15), MEETINGS, reason="ไม่มีลายเซ็น", by=EVALUATOR)
    yield done(actions.achieve_milestone, d(2021, 3, 16), MEETINGS)
    yield done(actions.reopen_milestone, d(2021, 3, 17), MEETINGS, reason="แก้รายงาน")
    yield done(actions.achieve_milestone, d(2021, 3, 18), MEETINGS)
    yield done(actions.block_milestone, d(2021, 3, 19), ISSUE, waiting_for="สำนักสิ่งแวดล้อม")
    yield done(actions.resume_milestone, d(2021, 3, 20), ISSUE)
    until = d(2021, 8, 1)
    yield done(
        actions.postpone_milestone, d(2021, 3, 21), ISSUE, until=until, reason="โรคระบาด", by=EVALUATOR
    )
    until = d(2021, 5, 31)
    yield done(
        actions.waive_milestone, d(2021, 3, 22), ISSUE, expires_on=until, reason="งดกิจกรรม", by=EVALUATOR
    )
    yield fact(
        d(2021, 4, 1), NewOccurrence("result", d(2021, 3, 31), value=Decimal("79.123456789")), code=PERCENT
    )
    missing = NewOccurrence(GUIDELINES, d(2020, 12, 15), note="พบคำสั่งภายหลัง")
    yield done(actions.record_after_seal, d(2021, 4, 2), missing, by=EVALUATOR)
    yield done(actions.void_after_seal, d(2021, 4, 3), 7, reason="ซ้ำกับข้อ 1", by=OPERATOR)
    yield done(actions.refresh_level, d(2021, 6, 5))
    yield Step(
        "grant_extension",
        d(2021, 6, 6),
        lambda tx, now: actions.grant_extension(
            tx, THUNG_KHRU, Quarter(YEAR, 3), d(2021, 7, 30), reason="น้ำท่วม", by=EVALUATOR, now=now
        ),
    )
    yield done(actions.activate_indicator, d(2021, 6, 6), code=OTHER, by=ADMINISTRATOR)
    yield done(actions.request_cancellation, d(2021, 6, 7), code=OTHER, reason="ซ้ำซ้อน")
    yield done(actions.decline_cancellation, d(2021, 6, 8), code=OTHER, by=EVALUATOR)
    yield done(actions.cancel_indicator, d(2021, 6, 9), code=OTHER, reason="ยกเลิก", by=EVALUATOR)
    yield Step(
        "seal_quarter",
        d(2021, 6, 10),
        lambda tx, now: actions.seal_quarter(tx, Quarter(YEAR, 2), reason="พ้นกำหนด", by=EVALUATOR, now=now),
    )
    yield Step(
        "import_page",
        d(2021, 8, 1),
        lambda tx, now: actions.import_page(tx, imported(IMPORTED, now), by=ADMINISTRATOR, now=now),
    )
    yield done(actions.accept_proposal, d(2021, 8, 2), 1, code=IMPORTED)
    yield done(actions.refuse_proposal, d(2021, 8, 3), 2, reason="นับซ้ำ", code=IMPORTED)
    yield done(
        actions.write_report, d(2021, 8, 4), 4, narrative="เพิ่ม", self_reported=Decimal(81), code=IMPORTED
    )
    yield done(actions.propose_facts, d(2021, 8, 4), code=IMPORTED)
    yield Step(
        "update_from_page",
        d(2021, 8, 5),
        lambda tx, now: actions.update_from_page(
            tx, imported(IMPORTED, now, "ทำเพิ่มแล้ว"), by=ADMINISTRATOR, now=now
        ),
    )
    agreed = {"title_en": "Networks of civil society", "evidence_asked": "รายงานการประชุม"}
    yield done(actions.change_indicator, d(2021, 8, 7), agreed, code=IMPORTED, by=ADMINISTRATOR)
    yield fact(d(2021, 9, 1), NewOccurrence(ISSUE, d(2021, 8, 20)))
    later = NewPetition(PetitionKind.EXTENSION, d(2021, 10, 29), "น้ำท่วม", quarter=4)
    yield done(actions.make_petition, d(2021, 9, 2), later, code=PERCENT)
    yield done(actions.decline_petition, d(2021, 9, 3), 2, reason="ยังมีเวลา", by=EVALUATOR, code=PERCENT)
    yield done(actions.make_petition, d(2021, 9, 4), later, code=PERCENT)
    yield done(actions.withdraw_petition, d(2021, 9, 5), 3, code=PERCENT)
    yield done(actions.close_indicator, d(2021, 9, 30), code=PERCENT, by=ADMINISTRATOR)
    typed = Draft("พิมพ์ค้างไว้", "3", at(d(2021, 9, 30)))
    yield Step(
        "keep_draft", d(2021, 9, 30), lambda tx, now: drafts.keep(tx.connection, COORDINATOR.id, 1, 4, typed)
    )
    yield Step("sign_in", d(2021, 9, 30), _sign_in)
    yield from _administered(d(2021, 9, 30))
    yield from _reminded(d(2021, 9, 30))


def _administered(on: date) -> Iterator[Step]:
    """What administrators change of the city itself."""
    named, endpoint = {"name_en": "Thung Khru"}, endpoints.New("https://programs.example/events", "สารบรรณ")
    steps: dict[str, Callable[[Tx, datetime], Any]] = {
        "change_agency": lambda tx, now: registry.change_agency(
            tx, THUNG_KHRU, named, by=ADMINISTRATOR.id, now=now
        ),
        "rename_person": lambda tx, now: registry.rename_person(
            tx, EVALUATOR.id, "ผู้ประเมิน", by=ADMINISTRATOR.id, now=now
        ),
        "add_endpoint": lambda tx, now: endpoints.add(tx, endpoint, by=ADMINISTRATOR.id, now=now),
        "change_setting": lambda tx, now: setting_changes.change(
            tx, "reminders.hour", "8", "9", 9, by=ADMINISTRATOR, now=now
        ),
    }
    yield from (Step(name, on, act) for name, act in steps.items())


def _sign_in(tx: Tx, now: datetime) -> None:
    """A coordinator with a password and a second factor."""
    given = {"person_id": COORDINATOR.id, "password_hash": "$argon2id$", "changed_at": now}
    tx.connection.execute(insert(credentials).values(**given))
    second_factors.begin(tx, COORDINATOR.id, now)
    second_factors.new_codes(tx, COORDINATOR.id)
    door.log(tx, AtTheDoor.SIGNED_IN, COORDINATOR.id, Client("192.0.2.7", "a browser"), now)


def _reminded(on: date) -> Iterator[Step]:
    """A substitute is told that a milestone is due and that one was verified, and answers."""
    subject = Subject(Topic.MILESTONE, THUNG_KHRU, 1, REPORT, date(2021, 10, 11))
    owed = Owed(subject, -7, SECTION_HEAD.id, Role.COORDINATOR, on, COORDINATOR.id)
    news = Notice(SECTION_HEAD.id, 1, 2, "milestone_verified")

    def stand_in(tx: Tx, now: datetime) -> None:
        days = (on, date(2021, 10, 8))
        duty.give_substitution(tx, COORDINATOR.id, SECTION_HEAD.id, *days, by=COORDINATOR.id, now=now)

    def gather(tx: Tx, now: datetime) -> None:
        for kind, take in (
            ("digest", lambda new: gathering.gather(tx.connection, [new], on, now)),
            ("changes", lambda new: gathering.gather_notices(tx.connection, [new], now)),
        ):
            key = f"{kind}:{SECTION_HEAD.id}:{on}"
            take(NewMessage(key, Way.MAIL, kind, SECTION_HEAD.id, now, f"<{kind}@radap.example>"))

    def send(tx: Tx, now: datetime) -> None:
        (held,) = outbox.claim(tx.connection, Way.MAIL, 1, lease_seconds=60, token="worker", now=now)
        mail: dict[str, Any] = {
            "to_address": "head@thungkhru.example",
            "subject": "ใกล้ครบกำหนด",
            "content": b"\x00\xffmail",
        }
        outbox.sending(tx.connection, held.id, "worker", **mail, lease_seconds=60, now=now)
        outbox.sent(tx.connection, held.id, "worker", answer="250 ok", now=now)

    def answer(tx: Tx, now: datetime) -> None:
        quiets.use_link(tx.connection, "f" * 64, SECTION_HEAD.id, "snooze", now)
        quiets.snooze(tx.connection, SECTION_HEAD.id, subject, date(2021, 10, 5), now)

    yield Step("give_substitution", on, stand_in)
    yield Step("add_owed", on, lambda tx, now: reminding.add_owed(tx.connection, [owed]))
    yield Step("add_notices", on, lambda tx, now: reminding.add_notices(tx.connection, [news]))
    yield Step("move_swept_on", on, lambda tx, now: telling.move_swept_on(tx.connection, on))
    yield Step("gather", on, gather)
    yield Step("send", on, send)
    yield Step("snooze", on, answer)


STORY = tuple(_year())


def tell(store: Store, steps: tuple[Step, ...] = STORY) -> None:
    """Do the steps, each in a transaction of its own."""
    for step in steps:
        take(store, step)


def take(store: Store, step: Step) -> Any:
    """Do one step in a transaction; returns what the action returns."""
    with store.begin() as tx:
        return step.act(tx, instant_of(step))


def instant_of(step: Step) -> datetime:
    """Nine o'clock and as many microseconds as the step's place in the story."""
    place = next(place for place, one in enumerate(STORY) if one is step)
    return at(step.on) + timedelta(microseconds=place)


def everything(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    return {
        table.name: [
            tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))
        ]
        for table in metadata.sorted_tables
    }
