"""Evidence handed out and shown: to who may see the indicator, as a file, and never as what it could do."""

import io
from datetime import date
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image

from engine import actions
from storage import evidence
from storage.previews import WIDTHS, Previews
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    REPORT,
    SAI_MAI,
    SAI_MAI_COORDINATOR,
    YEAR,
    at,
    new_indicator,
)
from tests.counting import counted
from tests.notifications.mailroom import WORDINGS
from tests.web.doorway import come_in
from tests.web.hostile_files import PDF, jpeg, pdf, png
from tests.web.town import NOW, Town
from web.evidence_list import EvidenceRow, evidence_rows, files_of
from web.pages import ENVIRONMENT

THAI = WORDINGS["th"]
BASE = f"/indicators/{YEAR + 543}/{CODE}/evidence"
THEIRS = "5042-1111"


def attach(
    town: Town,
    content: bytes,
    name: str = "รายงาน.pdf",
    *,
    code: str = CODE,
    year: int = YEAR,
    milestone: str = REPORT,
    by: Any = COORDINATOR,
    **more: Any,
) -> int:
    """Attach a file as it is, whatever it is called; returns its number."""
    kept = town.site.evidence.keep_as(io.BytesIO(content))
    media_type = next(
        (
            one
            for mark, one in (("%PDF", "application/pdf"), ("PNG", "image/png"), ("\xff\xd8", "image/jpeg"))
            if mark in content[:8].decode("latin-1")
        ),
        "text/plain",
    )
    with town.store.begin() as tx:
        evidence.register(tx, evidence.Kept(kept, len(content), more.pop("media_type", media_type)), NOW)
        done = actions.attach_evidence(
            tx, code, year, milestone, sha256=kept, file_name=name, by=by, now=NOW, **more
        )
    assert done.number
    return done.number


@pytest.fixture
def desk(town: Town) -> Town:
    """The coordinator is signed in; another district has an indicator of its own."""
    with town.store.begin() as tx:
        actions.create_indicator(tx, new_indicator(THEIRS, agency=SAI_MAI), by=ADMINISTRATOR, now=FOUNDED)
    come_in(town)
    return town


# --- handed out -------------------------------------------------------------------------------------------


def test_file_is_handed_out_as_it_was_attached(desk):
    number = attach(desk, PDF)

    answer = desk.get(f"{BASE}/{number}")

    assert (answer.status_code, answer.content) == (200, PDF)
    assert {
        name: answer.headers[name]
        for name in (
            "content-type",
            "content-length",
            "content-encoding",
            "content-security-policy",
            "x-content-type-options",
            "accept-ranges",
            "cache-control",
        )
    } == {
        "content-type": "application/pdf",
        "content-length": str(len(PDF)),
        "content-encoding": "identity",
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
    }


@pytest.mark.parametrize(
    "name", ["รายงานการประชุม ครั้งที่ ๒.pdf", 'a"b;c.pdf', "a\r\nX-Evil: 1.pdf", "../../x.pdf", "ก" * 300]
)
def test_name_is_told_in_any_language_and_breaks_no_header(desk, name):
    number = attach(desk, PDF, name)

    told = desk.get(f"{BASE}/{number}").headers["content-disposition"]

    kind, plain, full = told.split("; ")
    assert (kind, plain.startswith('filename="'), plain.isascii()) == ("attachment", True, True)
    assert unquote(full.removeprefix("filename*=UTF-8''")) == name
    assert "\n" not in told


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=10-", 206, 10, None),
        ("bytes=-5", 206, -5, None),
        ("bytes=0-99999", 206, 0, None),
        ("bytes=-99999", 206, 0, None),
        ("bytes=0-0,5-6", 200, 0, None),
        ("chapters=1-2", 200, 0, None),
        ("bytes=-", 200, 0, None),
        ("bytes=5-2", 416, 0, 0),
        ("bytes=99999-", 416, 0, 0),
    ],
)
def test_part_of_a_file_is_handed_out(desk, asked, status, first, last):
    number = attach(desk, PDF)

    answer = desk.get(f"{BASE}/{number}", range=asked)

    part = PDF[first:last]
    assert (answer.status_code, answer.content) == (status, part)
    if status == 206:
        start = len(PDF) + first if first < 0 else first
        assert answer.headers["content-range"] == f"bytes {start}-{start + len(part) - 1}/{len(PDF)}"


def test_head_tells_without_sending_and_who_has_it_already_is_told_so(desk):
    number = attach(desk, PDF)
    head = desk.client.head(f"{BASE}/{number}")
    tag = head.headers["etag"]

    same = desk.get(f"{BASE}/{number}", **{"if-none-match": tag})
    stale = desk.get(f"{BASE}/{number}", **{"range": "bytes=0-9", "if-range": '"another"'})

    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(PDF)))
    assert (same.status_code, same.content) == (304, b"")
    assert (stale.status_code, stale.content) == (200, PDF)


def test_large_file_is_handed_out_whole(desk):
    content = pdf(b"%" + b"x" * 3_000_000)
    number = attach(desk, content)

    assert desk.get(f"{BASE}/{number}").content == content


@pytest.mark.parametrize("number", ["0", "2", "99", "x", "-1", "1e1", "๑", "1" * 40, "..%2f1"])
def test_number_that_there_is_not_leads_nowhere(desk, number):
    attach(desk, PDF)

    assert desk.get(f"{BASE}/{number}").status_code == 404
    assert desk.get(f"{BASE}/{number}/preview").status_code == 404


def test_link_is_no_file(desk):
    with desk.store.begin() as tx:
        actions.attach_evidence(tx, CODE, YEAR, REPORT, link="https://evil.example", by=COORDINATOR, now=NOW)

    assert desk.get(f"{BASE}/1").status_code == 404


def test_evidence_of_another_district_is_like_none(desk):
    attach(desk, PDF, code=THEIRS, by=SAI_MAI_COORDINATOR)
    theirs = f"/indicators/{YEAR + 543}/{THEIRS}/evidence/1"

    mine = [desk.get(theirs).status_code, desk.get(f"{theirs}/preview").status_code]
    by_my_path = desk.get(f"{BASE}/1").status_code
    come_in(desk, EVALUATOR.id)

    assert (mine, by_my_path) == ([404, 404], 404)
    assert desk.get(theirs).content == PDF


def test_who_is_not_signed_in_is_asked_to(desk):
    number = attach(desk, PDF)
    desk.client.cookies.clear()

    answer = desk.client.get(f"{BASE}/{number}", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"].startswith("/sign-in")) == (303, True)


def test_vanished_file_is_a_sentence(desk):
    number = attach(desk, PDF)
    (path,) = [one for one in desk.evidence.rglob("*") if one.is_file()]
    path.unlink()

    answer = desk.get(f"{BASE}/{number}")

    assert answer.status_code == 409
    assert THAI.say("evidence.vanished", sha256=path.name) in answer.text


# --- shown ------------------------------------------------------------------------------------------------


def shown(desk: Town, number: int, width: int = 1600) -> Image.Image:
    answer = desk.get(f"{BASE}/{number}/preview?width={width}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    return Image.open(io.BytesIO(answer.content))


def with_place() -> bytes:
    """A photograph that lies on its side and says where it was taken."""
    picture = Image.new("RGB", (300, 200), "red")
    picture.paste("blue", (0, 0, 300, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"
    made = io.BytesIO()
    picture.save(made, "JPEG", exif=exif, comment=b"secret of the camera")
    return made.getvalue()


def test_picture_is_drawn_anew_upright_without_what_it_told(desk):
    content = with_place()
    assert b"Exif" in content
    number = attach(desk, content, "ภาพ.jpg")

    picture = shown(desk, number)
    answer = desk.get(f"{BASE}/{number}/preview").content

    assert (picture.size, dict(picture.getexif())) == ((200, 300), {})
    red, _green, blue = picture.convert("RGB").getpixel((190, 150))  # type: ignore[misc]  # three numbers
    assert blue > 200 > red
    assert [mark for mark in (b"Exif", b"GPS", b"secret", b"ICC_PROFILE") if mark in answer] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_picture_is_at_most_so_wide_and_is_drawn_once(desk, width):
    number = attach(desk, jpeg(size=(4000, 3000)), "ภาพ.jpg")

    picture = shown(desk, number, width)
    (drawn,) = (desk.evidence / ".previews").rglob("*.jpg")
    before = drawn.stat().st_mtime_ns
    again = shown(desk, number, width)

    assert max(picture.size) == width
    assert picture.size == again.size
    assert drawn.stat().st_mtime_ns == before


def test_picture_that_can_be_seen_through_lies_on_white(desk):
    made = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(made, "PNG")
    number = attach(desk, made.getvalue(), "ภาพ.png")

    assert shown(desk, number).convert("RGB").getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("width", ["1", "1601", "99999999", "x", "-1", "0240"])
def test_picture_of_any_other_width_is_not_drawn(desk, width):
    number = attach(desk, jpeg(), "ภาพ.jpg")

    assert desk.get(f"{BASE}/{number}/preview?width={width}").status_code == 404


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (png(50_000, 50_000), "bomb.png"),
        (jpeg()[:200], "cut.jpg"),
        (b"\xff\xd8\xff\xe0 nonsense", "nonsense.jpg"),
        (jpeg(size=(200, 200))[:600] + b"<html><script>alert(1)</script>", "page.jpg"),
    ],
)
def test_picture_that_cannot_be_drawn_is_offered_as_a_file(desk, content, name):
    number = attach(desk, content, name)

    pages = [desk.get(f"{BASE}/{number}/preview") for _ in range(2)]

    for page in pages:
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert THAI.say("evidence_unshown.other") in page.text
        assert f'href="{BASE}/{number}"' in page.text


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [("image/heic", "heic"), ("application/pdf", "pdf"), ("application/msword", "other")],
)
def test_what_is_not_shown_says_so_and_offers_the_file(desk, media_type, kind):
    number = attach(desk, b"content of " + media_type.encode(), media_type=media_type)

    page = desk.get(f"{BASE}/{number}/preview")

    assert THAI.say(f"evidence_unshown.{kind}") in page.text
    assert f'href="{BASE}/{number}" download' in page.text


def test_text_is_shown_as_a_text(desk):
    number = attach(desk, "\ufeffมติ <script>alert(1)</script> \u202eกลับ\n".encode(), "มติ.txt")

    page = desk.get(f"{BASE}/{number}/preview").text

    assert "มติ &lt;script&gt;alert(1)&lt;/script&gt; กลับ" in page
    assert "\u202e" not in page


def test_only_the_beginning_of_a_long_text_is_shown(desk):
    number = attach(desk, "ก".encode() * 100_000, "ยาว.txt")

    page = desk.get(f"{BASE}/{number}/preview").text

    assert page.count("ก" * 1000) > 0
    assert len(page) < 64 * 1024
    assert THAI.say("evidence_list.cut") in page


def test_previews_are_swept_when_they_are_old(desk):
    attach(desk, jpeg(), "ภาพ.jpg")
    desk.get(f"{BASE}/1/preview")
    previews = Previews(desk.site.evidence)

    assert previews.sweep(at(date(2020, 1, 1))) == 0
    assert previews.sweep(at(date(2100, 1, 1))) == 1
    assert desk.get(f"{BASE}/1/preview").status_code == 200


# --- listed -----------------------------------------------------------------------------------------------


def listed(desk: Town, reader: Any = COORDINATOR, on: date = date(2021, 1, 4)) -> list[EvidenceRow]:
    with desk.store.read() as tx:
        indicator = tx.indicator(CODE, YEAR)
        return evidence_rows(
            indicator,
            REPORT,
            *files_of(tx.connection, indicator, REPORT),
            on=on,
            reader=reader,
            names={COORDINATOR.id: COORDINATOR.name},
            wording=THAI,
        )


def test_list_tells_what_each_is(desk):
    attach(desk, jpeg(), "ภาพ.jpg", expires_on=date(2021, 2, 1))

    (row,) = listed(desk)

    assert (row.number, row.name, row.path, row.has_thumb) == (1, "ภาพ.jpg", "/evidence/1", True)
    assert (row.request, row.state, row.flags, row.is_live) == ("รายงาน", "", [], True)
    assert row.expires == THAI.say("evidence_list.expires", day=date(2021, 2, 1))
    assert listed(desk, on=date(2021, 2, 2))[0].state == THAI.word("evidence_state", "expired")


def test_older_versions_stand_with_the_one_that_replaced_them(desk):
    for number, content in enumerate((b"1", b"2", b"3")):
        attach(desk, pdf(content), f"{number}.pdf", replaces=number or None)

    (newest,) = listed(desk)

    assert newest.name == "2.pdf"
    assert newest.older[0].name == "1.pdf"
    assert newest.older[0].older[0].name == "0.pdf"
    assert newest.older[0].state == THAI.word("evidence_state", "replaced")


def test_withdrawn_evidence_stands_last(desk):
    attach(desk, pdf(b"1"), "a.pdf")
    attach(desk, pdf(b"2"), "b.pdf")
    with desk.store.begin() as tx:
        actions.withdraw_evidence(tx, CODE, YEAR, 1, reason="ผิดไฟล์", by=COORDINATOR, now=NOW)

    assert [(row.name, row.is_live) for row in listed(desk)] == [("b.pdf", True), ("a.pdf", False)]


def test_same_file_elsewhere_is_told_and_what_may_not_be_seen_is_not_named(desk):
    with desk.store.begin() as tx:
        for new in (new_indicator("5049-0938"), new_indicator(year=YEAR + 1)):
            actions.create_indicator(tx, new, by=ADMINISTRATOR, now=FOUNDED)
    attach(desk, PDF)
    attach(desk, PDF, milestone=GUIDELINES)
    attach(desk, PDF, code="5049-0938")
    attach(desk, PDF, year=YEAR + 1)
    attach(desk, PDF, code=THEIRS, by=SAI_MAI_COORDINATOR)

    (mine,), (theirs,) = listed(desk), listed(desk, EVALUATOR)

    own = {"agency": "สำนักงานเขตทุ่งครุ"}
    named = [
        THAI.say("evidence_used.here", number=2, milestone="กำหนดแนวทาง"),
        THAI.say("evidence_used.indicator", code="5049-0938", year=YEAR, **own),
        THAI.say("evidence_used.year", code=CODE, year=YEAR + 1, **own),
    ]
    assert sorted(mine.flags) == sorted([*named, THAI.say("evidence_used.unseen", count=1)])
    assert "สายไหม" not in "".join(mine.flags)
    far = THAI.say("evidence_used.agency", code=THEIRS, year=YEAR, agency="สำนักงานเขตสายไหม")
    assert sorted(theirs.flags) == sorted([*named, far])


def test_list_asks_as_often_for_thirty_as_for_one(desk):
    def statements() -> int:
        with desk.store.read() as tx:
            indicator = tx.indicator(CODE, YEAR)
            with counted(desk.store) as asked:
                files_of(tx.connection, indicator, REPORT)
        return len(asked)

    attach(desk, PDF)
    one = statements()
    for number in range(29):
        attach(desk, pdf(str(number).encode()), f"{number}.pdf")

    assert (one, statements()) == (2, 2)


def test_list_is_drawn_with_links_that_lead_somewhere(desk):
    attach(desk, jpeg(), "ภาพ <b>.jpg")
    attach(desk, pdf(b"1"), "a.pdf")
    attach(desk, pdf(b"2"), "b.pdf", replaces=2)
    template = ENVIRONMENT.from_string(
        '{% from "parts/evidence.html" import evidence_list %}{{ evidence_list(rows, say, base, true) }}'
    )

    page = template.render(rows=listed(desk), say=THAI.say, base=BASE.removesuffix("/evidence"))

    assert "ภาพ &lt;b&gt;.jpg" in page
    assert "<b>" not in page
    assert f'src="{BASE}/1/preview?width=240"' in page
    assert f'href="{BASE}/3" download' in page
    assert f'href="{BASE}/3/withdraw"' in page
    assert f'href="{BASE}/2/withdraw"' not in page  # only what stands is withdrawn
