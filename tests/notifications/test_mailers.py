"""Mails into a folder and onto a terminal."""

import io
from email.message import EmailMessage
from email.policy import SMTP

from notifications.channels import Answer, Letter, Outcome
from notifications.mailers import ConsoleMailer, FileMailer, file_name

TO = "coordinator@thungkhru.example"


def letter(ref="<1@strategy.example>", subject="แจ้งเตือน", body="ครบกำหนด 15 ต.ค. 2564\n"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ระดับ <radap@strategy.example>", TO, subject
    mail.set_content(body)
    mail.add_alternative("<p>HTML</p>", subtype="html")
    return Letter(TO, mail.as_bytes(policy=SMTP), ref)


def test_file_holds_the_letter_and_nothing_else_is_left(tmp_path):
    folder = tmp_path / "var" / "mail"
    sent = letter()
    answer = FileMailer(folder).send(sent)
    (file,) = folder.iterdir()
    assert answer == Answer(Outcome.SENT, file.name)
    assert file.suffix == ".eml"
    assert file.read_bytes() == sent.content


def test_same_letter_twice_is_one_file(tmp_path):
    mailer = FileMailer(tmp_path)
    for _ in range(2):
        mailer.send(letter())
    mailer.send(letter("<2@strategy.example>"))
    assert len(list(tmp_path.iterdir())) == 2


def test_name_of_a_file_is_readable_and_leads_nowhere_else(tmp_path):
    refs = ["<../../etc/x@y>", "<..-..-etc-x@y>", "<a/b@y>", "", ".", "<" + "x" * 300 + "@y>", "<ก@y>", "\0"]
    names = [file_name(ref) for ref in refs]
    assert len(set(names)) == len(refs)
    assert file_name("<digest.12.2021-03-01@x.example>").startswith("digest.12.2021-03-01@x.example-")
    for ref in refs:
        FileMailer(tmp_path / "mail").send(letter(ref))
    assert sorted(file.name for file in (tmp_path / "mail").iterdir()) == sorted(names)
    assert [file.name for file in tmp_path.iterdir()] == ["mail"]


def test_folder_that_cannot_be_written_is_tried_later(tmp_path):
    (tmp_path / "mail").write_text("a file stands where the folder should be")
    assert FileMailer(tmp_path / "mail").send(letter()) == Answer(
        Outcome.LATER, "channel.not_written: File exists"
    )


def test_file_that_cannot_be_put_in_place_leaves_no_half_of_it(tmp_path):
    (tmp_path / file_name(letter().ref)).mkdir()
    assert FileMailer(tmp_path).send(letter()).outcome is Outcome.LATER
    assert [file.name for file in tmp_path.iterdir()] == [file_name(letter().ref)]


def test_console_shows_a_letter_as_its_reader_sees_it():
    stream = io.StringIO()
    mailer = ConsoleMailer(stream)
    assert mailer.send(letter()) == Answer(Outcome.SENT, "console")
    mailer.close()
    assert stream.getvalue().splitlines() == [
        f"--- {TO}",
        "From: ระดับ <radap@strategy.example>",
        f"To: {TO}",
        "Subject: แจ้งเตือน",
        "",
        "ครบกำหนด 15 ต.ค. 2564",
        "",
    ]


def test_console_obeys_no_mark_of_a_letter():
    stream = io.StringIO()
    ConsoleMailer(stream).send(letter(body="a\x1b[2Jb\x07\n"))
    assert "a[2Jb" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()
