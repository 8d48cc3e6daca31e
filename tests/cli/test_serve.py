"""The pages as an operator starts and stops them, and as the links of a real mail open them."""

import email
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.policy import default
from pathlib import Path

import httpx2
import pytest
from icalendar import Calendar
from starlette.testclient import TestClient

from cli import bootstrap
from cli.settings import Database, Settings
from cli.site import site_of
from tests.cli.conftest import CODE, COORDINATOR, SECTION_HEAD
from web.app import create_app

#: Tuesday 12 January 2021 at nine in Bangkok, three working days before the first quarter's work is due.
NINE = datetime(2021, 1, 12, 2, tzinfo=UTC)


@contextmanager
def serving(radap, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server as a process of its own, and the address that it says."""
    command = [
        str(Path(sys.executable).with_name("radap")),
        "--db",
        radap.url,
        "serve",
        "--port",
        "0",
        *words,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout
            said = server.stdout.readline()
            found = re.fullmatch(r"เปิดหน้าเว็บแล้วที่ (http://\S+) กด Ctrl\+C เพื่อหยุด\n", said)
            assert found, said + server.stdout.read()
            yield server, found[1]
        finally:
            server.kill()


@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGTERM, []), (signal.SIGINT, []), (signal.SIGTERM, ["--worker"])]
)
def test_server_says_its_address_and_ends_when_it_is_told_to(radap, number, words):
    with serving(radap, *words) as (server, address):
        page = httpx2.get(f"{address}/links/x")
        assert page.status_code == 403
        assert "ลิงก์นี้ใช้ไม่ได้" in page.text
        assert "server" not in page.headers
        server.send_signal(number)
        said, _ = server.communicate(timeout=30)

    *ticks, last = said.splitlines()
    assert (server.returncode, last) == (0, "ปิดหน้าเว็บแล้ว")
    assert ["ข่าวใหม่ 2" in tick for tick in ticks] == [True] * len(words)


def test_demo_is_served_on_another_port_where_the_usual_one_is_taken(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        command = [str(Path(sys.executable).with_name("radap")), "--db", f"sqlite:///{tmp_path / 'demo.db'}"]
        with subprocess.Popen(
            [*command, "demo", "--serve", "--port", port],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
        ) as server:
            assert server.stdout
            said = next(line for line in server.stdout if line.startswith("เปิดหน้าเว็บแล้วที่"))
            address = said.split()[1]
            assert httpx2.get(f"{address}/links/x").status_code == 403
            assert looked_around(address) == [
                "ผู้ประสานงาน สำนักงานเขตทุ่งครุ",
                "หัวหน้าฝ่าย สำนักงานเขตทุ่งครุ",
                "ผู้ประเมิน",
                "ผู้ประเมินคนที่สอง",
                "ผู้บริหาร",
                "ผู้ดูแลระบบ",
            ]
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=30) == 0

    assert not address.endswith(port)
    assert not (tmp_path / "var" / "mail").exists()  # its year is long past: nobody is told of it


def looked_around(address: str) -> list[str]:
    """As whom the demo on one's own machine lets in: each is tried, and is who they are."""
    page = httpx2.get(f"{address}/sign-in")
    offered = re.findall(r'name="person" value="(\d+)">([^<]*)</button>', page.text)
    for person, name in offered:
        with httpx2.Client() as browser:
            data = {"person": person, "next": "/account"}
            account = browser.post(f"{address}/sign-in/demo", data=data, follow_redirects=True)
            assert name in account.text
        proxied = httpx2.post(f"{address}/sign-in/demo", data=data, headers={"x-forwarded-for": "192.0.2.7"})
        assert proxied.status_code == 404
    return [name for _, name in offered]


def test_who_is_being_answered_is_answered_before_it_ends(radap):
    with serving(radap) as (server, address):
        url = httpx2.URL(address)
        with closing(socket.create_connection((url.host, url.port or 0))) as line:
            form = b"until=2021-01-07"
            head = (
                "POST /links/x HTTP/1.1\r\nHost: localhost\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(form)}\r\nExpect: 100-continue\r\n\r\n"
            )
            line.sendall(head.encode())
            assert line.recv(1024).startswith(b"HTTP/1.1 100")  # it has begun to read
            server.send_signal(signal.SIGTERM)
            line.sendall(form)
            answer = b""
            while part := line.recv(65536):
                answer += part
        said, _ = server.communicate(timeout=30)

    assert answer.startswith(b"HTTP/1.1 403")
    assert (server.returncode, said) == (0, "ปิดหน้าเว็บแล้ว\n")


def test_port_that_is_taken_is_a_sentence(radap):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        said = radap("serve", "--port", str(port))

    assert (said.code, said.out) == (1, "")
    assert said.err == (
        f"Pages cannot be served on 127.0.0.1 port {port} (Address already in use): "
        "choose another with --port, or stop the program that uses it.\n"
    )


@pytest.mark.parametrize("host", ["nowhere.invalid", "x" * 100, "::zz"])
def test_address_that_is_none_is_a_sentence(radap, host):
    said = radap("serve", "--host", host, "--port", "0")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"Pages cannot be served on {host} port 0 (")


def test_port_that_is_none_is_wrong_use(radap):
    assert radap("serve", "--port", "70000").code == 2


# --- proxies and names ------------------------------------------------------------------------------------

FORWARDED = {"x-forwarded-for": "198.51.100.9, 203.0.113.9", "x-forwarded-proto": "https"}


@pytest.mark.parametrize(
    ("proxies", "address"),
    [
        ([], "127.0.0.1"),
        (["10.0.0.0/8"], "127.0.0.1"),
        (["127.0.0.1"], "203.0.113.9"),
        (["127.0.0.0/8", "203.0.113.0/24"], "198.51.100.9"),
    ],
)
def test_word_of_a_proxy_is_taken_where_it_is_trusted(radap, proxies, address):
    Path("config.toml").write_text(f"[web]\ntrusted_proxies = {proxies}\n", encoding="utf-8")
    with serving(radap) as (_, url):
        data = {"email": COORDINATOR, "password": "wrong"}
        assert httpx2.post(f"{url}/sign-in", data=data, headers=FORWARDED).status_code == 422
    assert radap("user", "log", "--json").data[0]["address"] == address


def test_forged_name_is_refused_by_the_server(radap):
    with serving(radap) as (_, url):
        told = [httpx2.get(f"{url}/sign-in", headers={"host": host}).status_code for host in FORGED]
        port = httpx2.URL(url).port
        own = [httpx2.get(f"http://{host}:{port}/sign-in").status_code for host in ("127.0.0.1", "localhost")]
    assert told == [400] * len(FORGED)
    assert own == [200, 200]


FORGED = ("evil.example", "localhost.evil.example", "radap.example", "")


# --- calendars -------------------------------------------------------------------------------------------


def made(radap, *words: str) -> str:
    return str(radap("remind", "calendar", "--person", COORDINATOR, "--json", *words).data["url"])


def test_calendar_is_served_until_it_is_replaced_or_revoked(radap):
    first = made(radap)
    assert first.startswith("http://localhost:8000/calendar/")
    with serving(radap) as (_, address):

        def open_(url: str) -> httpx2.Response:
            return httpx2.get(url.replace("http://localhost:8000", address))

        page = open_(first)
        assert page.status_code == 200
        assert len(Calendar.from_ical(page.content).walk("VEVENT")) == 9
        second = made(radap)
        assert [open_(first).status_code, open_(second).status_code] == [404, 200]
        revoked = radap("remind", "calendar", "--person", COORDINATOR, "--revoke")
        assert (revoked.code, revoked.out) == (0, "The calendar of ผู้ประสานงานเขตทุ่งครุ is served no more.\n")
        assert open_(second).status_code == 404


def test_calendar_is_told_to_people(radap):
    said = radap(
        "remind",
        "calendar",
        "--person",
        SECTION_HEAD,
        lang="th",
        RADAP_WEB__BASE_URL="https://radap.example/",
    )

    assert said.code == 0, said.err
    assert re.search(r" https://radap\.example/calendar/[A-Za-z0-9_-]{43}\.ics ", said.out), said.out


def test_calendar_that_was_never_made_cannot_be_revoked(radap):
    said = radap("remind", "calendar", "--person", COORDINATOR, "--revoke", "--json")
    assert said.data == {"person": "ผู้ประสานงานเขตทุ่งครุ", "url": None, "revoked": False}
    said = radap("remind", "calendar", "--person", COORDINATOR, "--revoke")
    assert (said.code, said.out) == (0, "ผู้ประสานงานเขตทุ่งครุ has no calendar to revoke.\n")


def test_calendar_of_nobody_is_refused(radap):
    said = radap("remind", "calendar", "--person", "nobody@thungkhru.example")
    assert (said.code, said.out) == (1, "")


# --- from a mail to its pages ----------------------------------------------------------------------------


@pytest.fixture
def pages(radap) -> Iterator[TestClient]:
    """The pages at nine on the day of the mail."""
    settings = Settings(database=Database(url=radap.url))
    house = bootstrap.build(settings, lambda: NINE)
    with TestClient(create_app(site_of(house)), base_url="http://localhost:8000") as client:
        yield client
    house.close()


def mail_of(radap) -> email.message.EmailMessage:
    """The digest that goes out on the day."""
    said = radap("worker", "--once", "--now", NINE.isoformat())
    assert said.code == 0, said.err
    (file,) = Path("var/mail").glob("*.eml")
    found = email.message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(found, email.message.EmailMessage)
    return found


def links_in(mail: email.message.EmailMessage) -> list[str]:
    """The links of the text that do something, in their order."""
    body = mail.get_body(("plain",))
    assert body is not None
    return re.findall(r"http://localhost:8000/links/\S+", body.get_content())


def test_links_of_a_mail_do_what_the_mail_says(radap, pages):
    links = links_in(mail_of(radap))
    assert len(links) == 6  # two milestones and a report, each to be acknowledged and to be snoozed
    shown = [pages.get(link) for link in links]
    assert [page.status_code for page in shown] == [200] * 6
    assert all(CODE in page.text for page in shown)

    acknowledged = [pages.post(link) for link in links if "/acknowledge." in link]
    assert [page.status_code for page in acknowledged] == [200] * 3
    on_time = radap("worker", "--once", "--now", (NINE + timedelta(days=2)).isoformat(), "--json")
    assert on_time.data["owed"] == 0  # the day before it is due, of which they would be told again
    due = radap("worker", "--once", "--now", (NINE + timedelta(days=3)).isoformat(), "--json")
    assert due.data["owed"] == 3


def test_meeting_reminders_stop_with_one_press_in_the_mail_program(radap, pages):
    planned = radap(
        *("plan", CODE, "meetings_held", "--year", "2564", "--on", "2021-01-13", "--by", COORDINATOR), at=NINE
    )
    assert planned.code == 0, planned.err
    mail = mail_of(radap)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch("<(.*)>", str(mail["List-Unsubscribe"]))
    assert link

    done = pages.post(link[1], data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    history = radap("journal", "show", "--json").data
    assert [one["what"] for one in history if "topic" in one["what"]] == ["topic_switched_off"]
