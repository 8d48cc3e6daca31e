"""What goes out comes in again on either database, hash for hash; what was touched on the way does not."""

import hashlib
import io
import json
import shutil
import zipfile
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, inspect, select, text

from engine.errors import Refusal
from storage import checks, exporting, importing, search_checks
from storage import tables as t
from storage.evidence import EvidenceFolder, Limits, register
from storage.export_format import ARRESTED, FORMAT, KEPT_BACK, PARTS
from storage.export_lines import Lines, Unfit
from tests.cast import FOUNDED, new_store, open_store
from tests.storage.story import FILE, everything, tell

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 100
LIMITS = Limits(100_000, frozenset({"application/pdf"}))


def write_year(url, folder) -> None:
    """The story, whose own file is nowhere, and a file that is there."""
    store, evidence = new_store(url), EvidenceFolder(folder / "evidence", LIMITS)
    tell(store)
    kept = evidence.keep(io.BytesIO(PDF), "รายงาน.pdf")
    with store.begin() as tx:
        register(tx, kept, FOUNDED)
    store.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """The folder of a house on SQLite that has had its year."""
    folder = tmp_path_factory.mktemp("house")
    write_year(f"sqlite:///{folder / 'radap.db'}", folder)
    return folder


@pytest.fixture(scope="module")
def saved(house):
    """An export of it as a folder."""
    return send_out(f"sqlite:///{house / 'radap.db'}", house, "out")


def take_in(url, folder, source):
    store = open_store(url)
    try:
        return importing.import_all(store, EvidenceFolder(folder / "evidence", LIMITS), source)
    finally:
        store.close()


def send_out(url, folder, name):
    store = open_store(url)
    try:
        exporting.export_all(store, EvidenceFolder(folder / "evidence", LIMITS), folder / name)
    finally:
        store.close()
    return folder / name


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def hashes(url):
    """Every hash of the journal and of the seals."""
    store = open_store(url)
    with store.read() as tx:
        found = [
            tx.connection.execute(select(*columns).order_by(*columns)).all()
            for columns in (
                (t.journal.c.stream, t.journal.c.seq, t.journal.c.hash),
                (t.seals.c.fiscal_year, t.seals.c.quarter, t.seals.c.hash),
            )
        ]
    store.close()
    return found


def is_sound(url, folder) -> None:
    store = open_store(url)
    with store.read() as tx:
        assert [one for one in checks.levels(tx) if one] == []
        assert [one for _, one in checks.journal(tx) if one] == []
        assert [one for one in search_checks.search(tx.connection) if one] == []
        missing = [one for one in checks.files(tx, EvidenceFolder(folder / "evidence", LIMITS)) if one]
        assert [(one.kind, one.code) for one in missing] == [("evidence.vanished", FILE.sha256)]
        quarters = checks.sealed_quarters(tx)
        assert quarters
        assert [one for quarter in quarters for one in checks.seal(tx, quarter)] == []
    store.close()


def kinds(refused):
    return sorted({one.kind for one in refused.value.conditions})


def test_every_table_and_column_either_goes_out_or_stays_for_a_reason():
    """A new table or column is in neither list: somebody has to decide whether it holds a secret."""
    going = {table.name for part in PARTS for table in part.tables}
    assert (going & KEPT_BACK.keys(), going | KEPT_BACK.keys()) == (set(), set(t.metadata.tables))
    for part in PARTS:
        there = {column.name for column in part.table.columns}
        if part.joined is not None:
            there |= {column.name for column in part.joined.columns} - {"indicator_id"}
        assert set(part.names) & set(part.kept_back) == set()
        assert set(part.names) | set(part.kept_back) == there, part.name
    assert all(KEPT_BACK.values())


def test_nothing_that_opens_a_door_goes_out(saved, house):
    store = open_store(f"sqlite:///{house / 'radap.db'}")
    with store.read() as tx:
        rows = everything(tx.connection)
        secret = tx.connection.execute(select(t.city.c.link_secret)).scalar_one()
        factors = list(tx.connection.execute(select(t.second_factors.c.secret)).scalars())
        passwords = list(tx.connection.execute(select(t.credentials.c.password_hash)).scalars())
    store.close()
    hidden = [secret, *factors, *passwords]
    assert len(hidden) >= 3  # there is something to hide
    assert all(
        rows[name] for name in ("credentials", "second_factors", "recovery_codes", "door_log", "drafts")
    )
    for content in files_of(saved).values():
        for one in hidden:
            assert one.encode() not in content


def test_there_and_back_again(saved, database_url, postgres, tmp_path):
    """From SQLite to the database and back to SQLite: the same lines, the same hashes, and all is sound."""
    exported = take_in(database_url, tmp_path, saved)
    assert (exported.files, exported.lacking) == (1, [FILE.sha256])
    is_sound(database_url, tmp_path)
    second = send_out(database_url, tmp_path, "second.zip")

    back = f"sqlite:///{tmp_path / 'back.db'}"
    (tmp_path / "home").mkdir()
    take_in(back, tmp_path / "home", second)
    third = send_out(back, tmp_path / "home", "third")

    assert files_of(third) == files_of(saved)
    with zipfile.ZipFile(second) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files_of(saved)
    assert hashes(back) == hashes(database_url)
    assert all(hashes(back))


def test_year_written_on_postgresql_goes_out_as_one_written_on_sqlite(postgres, saved, tmp_path):
    url = postgres.create()
    write_year(url, tmp_path)

    assert files_of(send_out(url, tmp_path, "out")) == files_of(saved)
    postgres.drop(url)


def test_export_is_lines_in_words_of_the_domain(saved):
    first = json.loads((saved / "indicators.jsonl").read_bytes().splitlines()[0])

    assert first["code"] == "5049-2017"
    assert first["title"]["th"]
    assert first["claimed"]["level"] == first["claimed"]["q4"]
    assert first["journal"]["head"]
    assert first["target"] == "5"
    assert json.loads((saved / "manifest.json").read_bytes())["format"] == FORMAT


def test_same_rows_make_the_same_zip(house, tmp_path):
    url = f"sqlite:///{house / 'radap.db'}"
    (one, other) = (send_out(url, house, f"{tmp_path.name}-{n}.zip") for n in (1, 2))

    assert one.read_bytes() == other.read_bytes()


def test_nothing_is_overwritten(saved, house):
    with pytest.raises(Refusal) as refused:
        send_out(f"sqlite:///{house / 'radap.db'}", house, "out")

    assert kinds(refused) == ["export.exists"]


# --- what was touched on the way -------------------------------------------------------------------------


@pytest.fixture
def copy(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "copy")
    return tmp_path / "copy"


def refused_of(folder, tmp_path):
    """The conditions under which it is refused; that nothing was taken in is held at once."""
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with pytest.raises(Refusal) as refused:
        take_in(url, tmp_path, folder)
    engine = open_store(url).engine
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    return [(one.kind, one.params.get("file"), one.params.get("line")) for one in refused.value.conditions]


def resealed(folder) -> None:
    """Make the manifest agree with the files again, as somebody would who knows how."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for name, said in manifest["files"].items():
        content = (folder / name).read_bytes()
        said |= {"sha256": hashlib.sha256(content).hexdigest(), "lines": content.count(b"\n")}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def edit(folder, name, old, new) -> None:
    content = (folder / name).read_bytes()
    assert old in content
    (folder / name).write_bytes(content.replace(old, new, 1))


def test_tampered_file_is_named(copy, tmp_path):
    edit(copy, "people.jsonl", "ผู้ประเมิน".encode(), "ผู้ประมาณ".encode())

    assert refused_of(copy, tmp_path) == [("import.checksum", "people.jsonl", None)]


def test_tampered_evidence_is_named(copy, tmp_path):
    (path,) = [one for one in (copy / "evidence").rglob("*") if one.is_file()]
    path.write_bytes(PDF[:-1])

    assert refused_of(copy, tmp_path) == [("import.checksum", path.relative_to(copy).as_posix(), None)]


def test_cut_file_is_named_with_its_line(copy, tmp_path):
    content = (copy / "journal.jsonl").read_bytes()
    (copy / "journal.jsonl").write_bytes(content[: len(content) // 2])

    ((kind, file, line),) = refused_of(copy, tmp_path)

    assert (kind, file) == ("import.cut", "journal.jsonl")
    assert line == content[: len(content) // 2].count(b"\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (b'"email"', b'"emial"', "import.key_unknown"),
        (b'"hour":null', b'"hour":"7"', "import.value"),
        (b'"language":"th"', b'"language":null', "import.value"),
        (b'"language":"th"', b'"language":"thai"', "import.value"),
        (b'"language":"th"', b'"language":"\\ud800"', "import.value"),
        (b'"language":"th"', b'"language":"\\u0000"', "import.value"),
        (b'"id":1', b'"id":true', "import.value"),
        (b'{"id":1', b'["id",1', "import.not_json"),
        (b'.000000+00:00"', b'.000000"', "import.value"),
    ],
)
def test_line_that_is_not_as_it_must_be_is_named(copy, tmp_path, old, new, kind):
    edit(copy, "people.jsonl", old, new)
    resealed(copy)

    assert refused_of(copy, tmp_path)[0][:2] == (kind, "people.jsonl")


def test_every_fault_is_told_at_once(copy, tmp_path):
    edit(copy, "people.jsonl", b'"hour":null', b'"hour":"7"')
    edit(copy, "plan.jsonl", b'"title"', b'"titel"')
    edit(copy, "milestones.jsonl", b'"state":"', b'"state":7,"')
    (copy / "waivers.jsonl").unlink()
    (copy / "notes.txt").write_text("x")

    assert {one[:2] for one in refused_of(copy, tmp_path)} >= {
        ("import.value", "people.jsonl"),
        ("import.checksum", "people.jsonl"),
        ("import.key_unknown", "plan.jsonl"),
        ("import.file_missing", "waivers.jsonl"),
        ("import.file_unexpected", "notes.txt"),
    }


#: What somebody does to the lines of a file, and how it is found out: (file, old, new, kind).
ALTERED = {
    "a role of nobody": ("roles.jsonl", b'"person":1', b'"person":99', "import.points_nowhere"),
    "an agency below a later one": (
        "agencies.jsonl",
        b'"parent":null',
        b'"parent":2',
        "import.points_nowhere",
    ),
    "an address twice": (
        "people.jsonl",
        b"coordinator@thungkhru.example",
        b"operator@localhost",
        "import.refused",
    ),
    "who did it": ("journal.jsonl", b'"by":1', b'"by":9', "import.journal"),
    "the quarter of a fact": ("occurrences.jsonl", b'"quarter":1', b'"quarter":2', "import.seal"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_what_was_altered_together_with_its_sums_is_refused(copy, tmp_path, what):
    name, old, new, kind = ALTERED[what]
    edit(copy, name, old, new)
    resealed(copy)

    assert kind in {one[0] for one in refused_of(copy, tmp_path)}


@pytest.mark.parametrize(
    ("name", "kept", "kind"),
    [
        ("people.jsonl", slice(1, None), "import.points_nowhere"),
        ("journal.jsonl", slice(None, -1), "import.journal"),
        ("seal_lines.jsonl", slice(1, None), "import.seal"),
    ],
)
def test_what_was_left_out_together_with_its_sums_is_refused(copy, tmp_path, name, kept, kind):
    lines = (copy / name).read_bytes().splitlines(keepends=True)
    (copy / name).write_bytes(b"".join(lines[kept]))
    resealed(copy)

    assert kind in {one[0] for one in refused_of(copy, tmp_path)}


def test_line_that_stands_twice_is_named(copy, tmp_path):
    content = (copy / "people.jsonl").read_bytes()
    (copy / "people.jsonl").write_bytes(content + content.splitlines(keepends=True)[0])
    resealed(copy)

    assert refused_of(copy, tmp_path) == [("import.order", "people.jsonl", content.count(b"\n") + 1)]


def test_unknown_format_is_refused(copy, tmp_path):
    edit(copy, "manifest.json", b'"format": 1', b'"format": 2')

    assert refused_of(copy, tmp_path) == [("import.format", None, None)]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"format": 1}', b"\xff", b"[" * 100_000])
def test_manifest_that_is_none_is_refused(copy, tmp_path, content):
    (copy / "manifest.json").write_bytes(content)

    assert refused_of(copy, tmp_path)[0][0] in ("import.damaged", "import.format")


def test_manifest_leads_nowhere_else(copy, tmp_path):
    manifest = json.loads((copy / "manifest.json").read_bytes())
    manifest["evidence"] = ["../../secret"]
    (copy / "manifest.json").write_text(json.dumps(manifest))

    assert refused_of(copy, tmp_path) == [("import.damaged", "manifest.json", None)]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_zip_that_was_cut_or_flipped_is_refused(house, tmp_path, share):
    file = send_out(f"sqlite:///{house / 'radap.db'}", house, f"{tmp_path.name}.zip")
    content = bytearray(file.read_bytes())
    (tmp_path / "cut.zip").write_bytes(content[: int(len(content) * share)])
    assert refused_of(tmp_path / "cut.zip", tmp_path)[0][0] == "import.not_zip"

    content[int(len(content) * 0.4)] ^= 0x10
    (tmp_path / "flipped.zip").write_bytes(content)
    assert refused_of(tmp_path / "flipped.zip", tmp_path)


def test_target_that_is_not_empty_is_left_alone(saved, house):
    url = f"sqlite:///{house / 'radap.db'}"
    before = hashes(url)

    with pytest.raises(Refusal) as refused:
        take_in(url, house, saved)

    assert (kinds(refused), hashes(url)) == (["import.not_empty"], before)


def test_what_is_under_way_is_not_under_way_elsewhere(house, tmp_path):
    shutil.copy(house / "radap.db", tmp_path / "radap.db")
    url = f"sqlite:///{tmp_path / 'radap.db'}"
    store = open_store(url)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET state = 'sending', token = 't', lease_until = 5"))
    store.close()
    take_in(f"sqlite:///{tmp_path / 'new.db'}", tmp_path, send_out(url, tmp_path, "out"))

    store = open_store(f"sqlite:///{tmp_path / 'new.db'}")
    with store.read() as tx:
        found = tx.connection.execute(select(t.outbox.c.state, t.outbox.c.token, t.outbox.c.content)).all()
    store.close()
    assert set(found) == {("uncertain", None, None)}
    assert ARRESTED


def test_what_programs_are_told_stays_and_what_texts_proposed_goes_out(house, tmp_path):
    shutil.copy(house / "radap.db", tmp_path / "radap.db")
    url = f"sqlite:///{tmp_path / 'radap.db'}"
    store = open_store(url)
    now, common = FOUNDED, {"indicator_id": 1, "number": 50}
    proposed = {"quarter": 1, "begins": 0, "ends": 4, "text": "30 พ.ย.", "standing": "done", "counts": True}
    with store.engine.begin() as connection:
        endpoint = {"name": "ระบบอื่น", "url": "https://other.example/hook", "secret": "whsec-hidden"}
        row = {**endpoint, "events": "", "state": "active", "added_at": now, "added_by": 1, "answer": ""}
        connection.execute(insert(t.endpoints).values(id=7, **row))
        message = {"channel": "program", "kind": "event", "state": "sent", "not_before": now, "attempts": 1}
        told = {"message_ref": "", "to_address": "https://other.example/hook", "subject": "", "answer": ""}
        connection.execute(
            insert(t.outbox).values(id=99, key="event:1", created_at=now, endpoint_id=7, **message, **told)
        )
        connection.execute(
            insert(t.outbox_log).values(id=999, message_id=99, at=now, what="sent", detail="200")
        )
        page = {"name": "5049-2017.txt", "form": "text", "sha256": "b" * 64, "text": "เครือข่าย"}
        connection.execute(insert(t.imported_pages).values(**common, **page, imported_at=now, imported_by=1))
        said = {"note": "", "confidence": "high", "why": "[]", "made_at": now, "made_by": 1}
        connection.execute(
            insert(t.proposals).values(**common, **proposed, **said, state="pending", reason="")
        )
    store.close()

    out = send_out(url, tmp_path, "out")
    take_in(f"sqlite:///{tmp_path / 'new.db'}", tmp_path, out)

    told_of = b"".join(files_of(out).values())
    assert b"whsec-hidden" not in told_of
    assert b"other.example" not in told_of
    back = send_out(f"sqlite:///{tmp_path / 'new.db'}", tmp_path, "back")
    assert files_of(back) == files_of(out)
    assert '"text":"30 พ.ย."'.encode() in files_of(back)["proposals.jsonl"]
    assert b'"name":"5049-2017.txt"' in files_of(back)["imported_pages.jsonl"]


# --- values ----------------------------------------------------------------------------------------------

OCCURRENCES = next(part for part in PARTS if part.name == "occurrences")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=7)), timezone(timedelta(hours=-9, minutes=-30))])


@given(
    note=TEXT,
    document=st.none() | TEXT,
    value=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    day=st.none() | st.dates(),
    at=st.datetimes(timezones=ZONES).filter(lambda one: 1 < one.year < 9999),
    counts=st.booleans(),
)
def test_values_come_back_as_they_went(note, document, value, day, at, counts):
    lines = Lines(OCCURRENCES)
    row = dict.fromkeys(OCCURRENCES.names)
    row |= {"indicator_id": 1, "number": 1, "milestone": "m", "kind": "", "quarter": 1, "recorded_by": 1}
    row |= {"note": note, "document_number": document, "value": value, "occurred_on": day}
    row |= {"recorded_at": at, "counts": counts, "planned": False, "void_reason": ""}

    line = lines.text(tuple(row[name] for name in OCCURRENCES.names))

    assert line.count(b"\n") == 1
    back = lines.row(line)
    assert back == row
    assert lines.text(tuple(back[name] for name in OCCURRENCES.names)) == line


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*OCCURRENCES.names, "x"]), inner),
)


@pytest.mark.fuzz
@given(st.binary(max_size=300) | ANY.map(lambda value: json.dumps(value).encode()))
def test_no_line_whatever_makes_more_than_a_fault(line):
    with pytest.raises(Unfit):
        Lines(OCCURRENCES).row(line)
