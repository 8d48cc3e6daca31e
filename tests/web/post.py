"""Messages in the queue of a town: to people, of which one failed, and to a program, of which some did."""

from datetime import datetime, timedelta
from email.message import EmailMessage

from sqlalchemy import update

from engine.endpoints import EVENT, message_to
from engine.outbox import NewMessage, State, Way
from storage import endpoints, outbox
from storage import tables as t
from storage.endpoints import New
from storage.store import Store
from tests.cast import ADMINISTRATOR
from tests.web.town import P, Town

WORDS = "เรียน ผู้ประสานงานเขตทุ่งครุ\n\n<b>ครบกำหนด</b> 15 ม.ค. 2564\nhttps://radap.example/links/a.b-c_1.2021\n"


def post(town: Town, more: int = 1) -> None:
    """Message 1 has failed; so many more wait."""
    now = town.clock.now
    mail = EmailMessage()
    mail["Subject"] = "งานครบกำหนด"
    mail.set_content(WORDS)
    new = [
        NewMessage(f"digest:{P}:{number}", Way.MAIL, "digest", P, now, f"<{number}@radap.example>")
        for number in range(more + 1)
    ]
    o = t.outbox.c
    failed = {
        "state": State.FAILED,
        "to_address": "coordinator@thungkhru.example",
        "subject": "งานครบกำหนด",
        "answer": "550 5.1.1 <script>no such user</script>",
        "attempts": 1,
        "content": mail.as_bytes(),
    }
    with town.store.begin() as tx:
        outbox.enqueue(tx.connection, new, now)
        tx.connection.execute(update(t.outbox).where(o.id == 1).values(failed))


def tell_a_program(store: Store, now: datetime) -> None:
    """An endpoint that took two events, refused one, and then answered nothing."""
    with store.begin() as tx:
        wanted = New("https://hub.example.go.th/radap", "ระบบข้อมูลกลาง")
        number, _ = endpoints.add(tx, wanted, by=ADMINISTRATOR.id, now=now)
        messages = [message_to(number, f"1:{seq}", EVENT, now) for seq in range(1, 6)]
        outbox.enqueue(tx.connection, messages, now)
        claimed = outbox.claim_of_program(tx.connection, number, 0, 4, lease_seconds=60, token="x", now=now)
        for one in claimed:
            outbox.sending(
                tx.connection,
                one.id,
                "x",
                to_address="hub.example.go.th",
                subject="occurrence_recorded",
                content=b"{}",
                lease_seconds=60,
                now=now,
            )
        first, second, third, fourth = [one.id for one in claimed]
        for taken in (first, second):
            outbox.sent(tx.connection, taken, "x", answer="HTTP 200 OK", now=now)
        outbox.failed(tx.connection, third, "x", answer="HTTP 422 Unprocessable Entity", now=now)
        answer = "channel.too_slow"
        outbox.deferred(tx.connection, fourth, "x", not_before=now, answer=answer, now=now)
        endpoints.failed(tx.connection, number, answer, now + timedelta(minutes=5), now)
