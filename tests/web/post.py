"""Messages in the queue of a town: one that failed, with its words, and one that waits."""

from email.message import EmailMessage

from sqlalchemy import update

from engine.outbox import NewMessage, State, Way
from storage import outbox
from storage import tables as t
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
