"""What the script of a form speaks to: pieces of files, resumed where they broke off, by who sends them."""

import io
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.datastructures import FormData, Headers, UploadFile

from storage.clamd import ScannerAway
from tests.cast import ADMINISTRATOR, EVALUATOR, SAI_MAI_COORDINATOR
from tests.notifications.mailroom import WORDINGS
from tests.web.doorway import come_in, token_in
from tests.web.hostile_files import FILES, PDF, jpeg, pdf
from tests.web.town import NOW, P, Town
from web.uploading import taken

THAI, ENGLISH = WORDINGS["th"], WORDINGS["en"]
LONG = pdf(b"%" + b"x" * 100_000)


class Sender:
    """Somebody signed in, whose script sends."""

    def __init__(self, town: Town, person: int = P) -> None:
        self.town = town
        come_in(town, person)
        self.token = token_in(town.get("/account"))

    def ask(self, method: str, path: str, content: Any = None, **headers: str) -> httpx2.Response:
        return self.town.client.request(
            method,
            f"/uploads{path}",
            content=content,
            headers={"x-radap-token": self.token, **headers},
            follow_redirects=False,
        )

    def begin(self, name: str = "รายงาน.pdf", size: int = len(LONG)) -> httpx2.Response:
        return self.town.client.post(
            "/uploads", data={"name": name, "size": str(size)}, headers={"x-radap-token": self.token}
        )

    def add(self, key: str, offset: int | str, content: Any) -> httpx2.Response:
        return self.ask("PATCH", f"/{key}", content, **{"upload-offset": str(offset)})


def test_file_is_sent_piece_by_piece(town):
    sender = Sender(town)
    begun = sender.begin()
    key = begun.json()["id"]

    first = sender.add(key, 0, LONG[:60_000])
    last = sender.add(key, 60_000, LONG[60_000:])

    assert begun.status_code == 201
    assert begun.json() == {"id": key, "name": "รายงาน.pdf", "size": len(LONG), "offset": 0, "whole": False}
    assert (first.status_code, first.json()["offset"], first.headers["upload-offset"]) == (
        200,
        60_000,
        "60000",
    )
    assert (last.status_code, last.json()["whole"]) == (200, True)
    (kept,) = town.site.uploads.of(P, [key])
    assert (kept.media_type, kept.size) == ("application/pdf", len(LONG))


def test_broken_upload_is_asked_how_far_it_is_and_goes_on(town):
    sender = Sender(town)
    key = sender.begin().json()["id"]
    sender.add(key, 0, LONG[:1000])

    wrong = sender.add(key, 0, LONG)
    told, head = sender.ask("GET", f"/{key}"), sender.ask("HEAD", f"/{key}")
    rest = sender.add(key, told.json()["offset"], LONG[1000:])

    assert (wrong.status_code, wrong.json()["offset"]) == (409, 1000)
    assert (told.status_code, told.json()["offset"], head.headers["upload-offset"]) == (200, 1000, "1000")
    assert rest.json()["whole"] is True


@pytest.mark.parametrize("offset", ["", "-1", "x", "1e3", "9" * 40])
def test_offset_that_is_no_number_is_not_understood(town, offset):
    sender = Sender(town)
    key = sender.begin().json()["id"]

    assert sender.add(key, offset, b"x").status_code == 400


@pytest.mark.parametrize(
    ("name", "size", "status"),
    [("a.pdf", 0, 422), ("a.pdf", 200_001, 413), ("a.pdf", -1, 400), ("../a.pdf", 10, 201), ("", 10, 201)],
)
def test_beginning_is_refused_for_what_will_not_be_taken(town, name, size, status):
    assert Sender(town).begin(name, size).status_code == status


def test_hostile_file_is_refused_in_the_language_of_the_page(town):
    hostile = FILES["pdf with a script"]()
    sender = Sender(town)
    key = sender.begin(hostile.name, len(hostile.content)).json()["id"]

    answer = sender.ask(
        "PATCH", f"/{key}?lang=en", hostile.content, **{"upload-offset": "0", "accept-language": "en"}
    )

    assert answer.status_code == 422
    assert answer.json() == {
        "sentences": [ENGLISH.say("evidence.active", name="a.pdf", part="JavaScript")],
    }
    assert sender.ask("GET", f"/{key}").status_code == 404


def test_more_than_was_announced_is_refused(town):
    sender = Sender(town)
    key = sender.begin(size=100).json()["id"]

    assert sender.add(key, 0, bytes(101)).status_code == 413
    assert sender.ask("GET", f"/{key}").json()["offset"] == 0


def test_file_of_another_person_is_like_one_that_there_is_not(town):
    key = Sender(town).begin().json()["id"]
    other = Sender(town, SAI_MAI_COORDINATOR.id)
    answers = [
        other.ask("GET", f"/{key}"),
        other.ask("HEAD", f"/{key}"),
        other.add(key, 0, LONG),
        other.ask("GET", "/unknown"),
    ]

    assert [one.status_code for one in answers] == [404] * 4
    assert answers[0].json() == answers[3].json()
    assert other.ask("DELETE", f"/{key}").status_code == 204
    assert town.site.uploads.find(P, key).size == len(LONG)


def test_removed_file_is_gone(town):
    sender = Sender(town)
    key = sender.begin().json()["id"]

    assert [sender.ask("DELETE", f"/{key}").status_code for _ in range(2)] == [204, 204]
    assert sender.ask("GET", f"/{key}").status_code == 404


def test_nobody_sends_without_session_or_token(town):
    key = Sender(town).begin().json()["id"]
    for headers in ({}, {"x-radap-token": "guessed"}):
        answers = [
            town.client.post("/uploads", data={"name": "a", "size": "1"}, headers=headers),
            town.client.patch(f"/uploads/{key}", content=b"x", headers={"upload-offset": "0", **headers}),
            town.client.delete(f"/uploads/{key}", headers=headers),
        ]
        assert [one.status_code for one in answers] == [403] * 3
    town.client.cookies.clear()
    signed_out = town.client.patch(f"/uploads/{key}", content=b"x", follow_redirects=False)
    assert (signed_out.status_code, signed_out.headers["location"]) == (303, "/sign-in")


def test_page_of_a_stranger_cannot_send(town):
    sender = Sender(town)
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert sender.ask("PATCH", "/x", b"x", **{"upload-offset": "0", **headers}).status_code == 403


@pytest.mark.parametrize("person", [EVALUATOR.id, ADMINISTRATOR.id])
def test_who_attaches_nothing_sends_nothing(town, person):
    assert Sender(town, person).begin().status_code == 403


def test_scanner_that_is_away_is_told_as_such(town):
    class Away:
        def find(self, content: Any) -> str | None:
            raise ScannerAway("refused")

    town.open(replace(town.site, scanner=Away()))
    sender = Sender(town)
    key = sender.begin(size=len(PDF)).json()["id"]

    answer = sender.add(key, 0, PDF)

    assert (answer.status_code, answer.json()) == (
        503,
        {"sentences": [THAI.say("evidence.unscanned", name="รายงาน.pdf")]},
    )
    assert sender.ask("GET", f"/{key}").json()["offset"] == len(PDF)


# --- a connection that really breaks ------------------------------------------------------------------------


@contextmanager
def served(town: Town) -> Any:
    """The pages on a socket of this machine."""
    server = uvicorn.Server(uvicorn.Config(town.client.app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def test_what_came_before_the_connection_broke_is_there(town):
    town.open(replace(town.site, base_url="http://radap.example"))
    cookie = f"radap-session={come_in(town)}"
    token = token_in(town.get("/account", cookie=cookie))
    upload = town.site.uploads.begin(P, "a.pdf", len(LONG), NOW)
    request = (
        f"PATCH /uploads/{upload.id} HTTP/1.1\r\nHost: radap.example\r\nCookie: {cookie}\r\n"
        f"x-radap-token: {token}\r\nUpload-Offset: 0\r\nContent-Length: {len(LONG)}\r\n\r\n"
    ).encode()

    with served(town) as port:
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(request + LONG[:50_000])
            time.sleep(0.3)
        for _ in range(100):
            if town.site.uploads.find(P, upload.id).received:
                break
            time.sleep(0.05)

    assert town.site.uploads.find(P, upload.id).received == 50_000


# --- plain forms --------------------------------------------------------------------------------------------


class Request:
    """A request whose form was read already."""

    def __init__(self, *fields: tuple[str, Any]) -> None:
        self.state = type("State", (), {"form": FormData(list(fields))})()


def chosen(content: bytes, name: str) -> UploadFile:
    return UploadFile(io.BytesIO(content), size=len(content), filename=name, headers=Headers())


def test_form_brings_files_and_those_that_were_sent_before(town):
    before = town.site.uploads.take(P, io.BytesIO(PDF), "ก่อน.pdf", NOW)
    request = Request(
        ("upload", before.id),
        ("files", chosen(jpeg(), "ภาพ.jpg")),
        ("files", chosen(b"", "")),
        ("files", chosen(FILES["html as pdf"]().content, "หน้า.pdf")),
        ("files", chosen(b"", "ว่าง.pdf")),
    )

    found, faults = taken(request, town.site.uploads, P, NOW)  # type: ignore[arg-type]  # as far as it looks

    assert [one.name for one in found] == ["ก่อน.pdf", "ภาพ.jpg"]
    assert [one.kind for one in faults] == ["evidence.type_forbidden", "evidence.empty"]
    again, none = taken(Request(*(("upload", one.id) for one in found)), town.site.uploads, P, NOW)  # type: ignore[arg-type]  # as above
    assert (again, none) == (found, [])


def test_form_removes_what_is_ticked_and_tells_what_is_gone(town):
    stays, goes = (town.site.uploads.take(P, io.BytesIO(PDF), name, NOW) for name in ("a.pdf", "b.pdf"))
    request = Request(
        ("upload", stays.id), ("upload", goes.id), ("upload", "attached already"), ("upload_remove", goes.id)
    )

    found, faults = taken(request, town.site.uploads, P, NOW)  # type: ignore[arg-type]  # as above

    assert found == [stays]
    assert [one.kind for one in faults] == ["upload.unknown"]
    assert town.site.uploads.of(P, [goes.id]) == []


def test_field_of_another_person_brings_nothing(town):
    theirs = town.site.uploads.take(SAI_MAI_COORDINATOR.id, io.BytesIO(PDF), "a.pdf", NOW)

    found, _ = taken(Request(("upload", theirs.id), ("upload_remove", theirs.id)), town.site.uploads, P, NOW)  # type: ignore[arg-type]  # as above

    assert found == []
    assert town.site.uploads.of(SAI_MAI_COORDINATOR.id, [theirs.id]) == [theirs]
