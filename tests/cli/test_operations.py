"""Commands for whoever runs the house, and what they say when databases, disks or settings are in trouble."""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from sqlalchemy.engine import make_url

from cli.commands import app
from cli.troubles import condition_of
from engine.permissions import Role
from storage.schema import newest
from tests.cli.conftest import CODE, COORDINATOR, EVALUATOR, Terminal, found
from tests.restored import plain

MEETING = ["record", CODE, "meetings_held", "--on", "18 พ.ค. 2564"]


def run_sql(terminal: Terminal, *statements: str) -> None:
    """Reach into the file behind the program's back."""
    with closing(sqlite3.connect(terminal.folder / "radap.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


# --- init, migrate, doctor -----------------------------------------------------------------------------


def test_init_makes_the_folder_and_may_be_repeated(tmp_path):
    terminal = Terminal(f"sqlite:///{tmp_path / 'var' / 'deep' / 'radap.db'}", tmp_path)
    said = terminal("init", "--json")
    assert said.data["created"] is True
    assert said.data["schema"] == newest()
    assert "civil_society_network 2" in said.data["workflows"]
    assert terminal("init", "--json").data == {"schema": newest(), "created": False, "workflows": []}


def test_reading_before_init_says_which_command_to_run_and_makes_no_file(empty):
    for words in (
        ["level", CODE],
        ["matrix", "--year", "2564"],
        ["doctor"],
        ["migrate"],
        ["seal", "2564", "1"],
    ):
        said = empty(*words)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith("This database has not been set up: run `radap init` first")
    assert not (empty.folder / "radap.db").exists()


def test_migrate_of_a_database_that_is_up_to_date_does_nothing(radap):
    assert radap("migrate").out == f"The schema {newest()} is the newest: nothing was to be done.\n"


def test_newer_schema_is_refused_and_left_alone(radap):
    run_sql(radap, "UPDATE alembic_version SET version_num = '9999'")
    for words in (["level", CODE], MEETING, ["migrate"], ["init"]):
        said = radap(*words)
        assert (said.code, said.out) == (1, "")
        assert said.err == (
            f"This database has the newer schema 9999, this program knows {newest()}: "
            "use the newer program; nothing was changed.\n"
        )


def test_doctor_finds_a_healthy_house(radap):
    said = radap("doctor", "--json")
    assert said.code == 0
    assert said.data["findings"] == []
    assert radap("doctor", lang="th").out.endswith("ทุกอย่างถูกต้องครบถ้วน\n")


def test_doctor_finds_a_stored_level_that_the_facts_do_not_give(radap):
    run_sql(radap, "UPDATE indicators SET claimed_level = 4")
    said = radap("doctor")
    assert said.code == 1
    assert "5049-2017: what is stored is not what the facts give (claimed: 4 != 0): put it right" in said.out


def test_doctor_mends_a_stored_level_with_an_event(radap):
    run_sql(radap, "UPDATE indicators SET claimed_level = 4")
    said = radap("doctor", "--mend")
    assert said.code == 0
    assert said.out.startswith("Stored levels brought in line with the facts: 1 indicators.\n")
    assert radap("doctor", "--mend", "--json").data["mended"] == 0
    assert "level" in radap("journal", "show", "5049-2017").out.splitlines()[-1]


def test_doctor_finds_a_clock_that_went_wrong(radap):
    from tests.cli.test_level import NOVEMBER  # noqa: PLC0415 - the one day before the city's last event

    assert radap(*MEETING).code == 0
    said = radap("doctor", at=NOVEMBER)
    assert said.code == 1
    assert "but the clock says 1 Dec 2020, 09:00: set the clock right." in said.out


# --- history -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "UPDATE journal SET data = replace(data, '05-18', '05-17') WHERE stream = 1 AND seq = 2",
            "5049-2017: event 2 was altered after it was written.",
        ),
        ("DELETE FROM journal WHERE stream = 1 AND seq = 2", "5049-2017: event 2 is missing."),
        ("DELETE FROM journal WHERE stream = 1 AND seq = 3", "5049-2017: event 3 is missing."),
        (
            "UPDATE journal SET data = '{}' WHERE stream = 0 AND seq = 1",
            "the city's journal: event 1 was altered after it was written.",
        ),
    ],
)
def test_touched_journal_is_named_and_exits_1(radap, statement, sentence):
    for day in ("2021-05-18", "2021-06-29"):
        assert radap("record", CODE, "meetings_held", "--on", day).code == 0
    assert radap("journal", "verify").out.endswith("no event was altered, removed or put in.\n")
    run_sql(radap, statement)
    said = radap("journal", "verify")
    assert (said.code, said.out) == (1, sentence + "\n")
    assert radap("journal", "verify", "--json").data["findings"][0]["text"] == sentence


def test_seal_is_proved_level_by_level(radap):
    assert radap("record", CODE, "guidelines_set", "--on", "2020-11-02").code == 0
    assert len(radap("seal", "2564", "1", "--json").data["hash"]) == 64
    assert radap("journal", "verify", "--seal").out.endswith(
        "1 seals hold: levels, rules and journals are as they were sealed.\n"
    )
    run_sql(radap, "UPDATE seal_lines SET claimed_level = 3")
    said = radap("journal", "verify", "--seal")
    assert said.code == 1
    assert "Q1 of fiscal year 2564 (2021): the level of 5049-2017 is no longer the sealed one." in said.out
    assert radap("doctor").code == 1


def test_correction_after_the_seal_is_told_beside_the_whole_seal(radap):
    assert radap("record", CODE, "guidelines_set", "--on", "2020-11-02").code == 0
    assert radap("seal", "2564", "1").code == 0
    late = ("record", CODE, "committee_appointed", "--on", "2020-11-30")
    assert radap(*late).code == 1
    assert radap(*late, "--after-seal").code == 1
    assert radap(*late, "--after-seal", "--note", "found later", "--by", EVALUATOR).code == 0
    assert radap("void", CODE, "1", "--reason", "last year's", "--after-seal", "--by", EVALUATOR).code == 0

    said = radap("journal", "verify", "--seal")
    assert said.code == 0
    assert "1 seals hold" in said.out
    assert "recorded after the seal: sealed at level 1, verified 0; now level 0" in said.out.replace(
        "\n", " "
    )
    (corrected,) = radap("journal", "verify", "--seal", "--json").data["corrected"]
    assert (corrected["sealed"]["claimed"], corrected["facts"]) == (1, [1, 2])


def test_seal_of_one_quarter_is_proved_alone(radap):
    assert radap("seal", "2564", "1").code == 0
    assert radap("journal", "verify", "--seal", "2564", "1").code == 0
    said = radap("journal", "verify", "--seal", "2564", "2")
    assert (said.code, said.out) == (1, "Q2 of fiscal year 2564 (2021) has no seal.\n")
    assert radap("journal", "verify", "2564").code == 2


def test_words_that_were_altered_behind_a_seal_are_named_by_their_fact(radap):
    given = ("--on", "2020-11-02", "--document", "1/2564")
    assert radap("record", CODE, "guidelines_set", *given).code == 0
    assert radap("seal", "2564", "1").code == 0
    run_sql(radap, "UPDATE occurrences SET document_number = '2/2564'")

    said = radap("journal", "verify", "--seal", "--json")

    (finding,) = said.data["findings"]
    assert (finding["code"], finding["fault"], finding["number"]) == (CODE, "occurrence", 1)


def test_seal_tells_what_is_open_and_keeps_why(radap):
    assert radap("record", CODE, "guidelines_set", "--on", "2020-11-02").code == 0
    refused = radap("seal", "2564", "1", "--by", EVALUATOR)
    assert (refused.code, refused.err) == (1, "To seal a quarter, give a reason.\n")

    said = radap("seal", "2564", "1", "--by", EVALUATOR, "--reason", "The deadline is over.", "--json")

    assert said.data["open"] == {"unreported": 1, "unverified": 1}
    assert '"reason":"The deadline is over."' in radap("journal", "show", "--json").out.replace('": ', '":')


def test_journal_shows_who_did_what_in_thai(radap):
    assert radap(*MEETING, "--document", "2/64", "--by", COORDINATOR).code == 0
    radap.columns = 160
    last = radap("journal", "show", CODE, lang="th").out.splitlines()[-1].split("  ")
    assert [part.strip() for part in last if part.strip()] == [
        "2",
        "15 ก.ค. 2564 เวลา 09:00 น.",
        "บันทึกการดำเนินการ",
        "ผู้ประสานงานเขตทุ่งครุ",
        "ขั้น meetings_held · รายการที่ 1 · วันที่ 18 พ.ค. 2564 · เอกสาร 2/64 · ไตรมาส 3",
    ]
    assert radap("journal", "show").code == 0


# --- backup and restore --------------------------------------------------------------------------------


def test_backup_goes_back_into_an_empty_database(radap, tmp_path):
    minutes = radap.file("minutes.pdf", b"%PDF-1.7\n")
    assert radap(*MEETING, "--evidence", minutes).code == 0
    before = radap("level", CODE, "--json").data
    copy = str(tmp_path / "copy.tar.gz")
    rows = radap("backup", copy, "--json").data["rows"]
    assert radap("backup", copy).err.startswith(f"{copy} is there already")
    elsewhere = Terminal(f"sqlite:///{tmp_path / 'new' / 'radap.db'}", tmp_path / "new")
    assert elsewhere("restore", copy, "--json").data["rows"] == rows
    assert elsewhere("level", CODE, "--json").data == before
    assert elsewhere("doctor").code == 0
    assert elsewhere("restore", copy).err.endswith("is not empty: restore into a new one with --db.\n")


@pytest.mark.parametrize("content", [b"", b"nothing", gzip.compress(b"nothing", mtime=0)])
def test_damaged_backup_is_refused(empty, content):
    said = empty("restore", empty.file("copy.tar.gz", content))
    assert (said.code, said.out) == (1, "")
    assert "is damaged" in said.err
    assert empty("restore", "none.tar.gz").err == "There is no file none.tar.gz: check its name.\n"


# --- trouble -------------------------------------------------------------------------------------------


def test_read_only_database_can_be_read_and_says_that_it_cannot_be_written(radap):
    run_sql(radap, "PRAGMA journal_mode = DELETE")
    radap.url = f"sqlite:///file:{radap.folder / 'radap.db'}?mode=ro&uri=true"
    said = radap(*MEETING)
    assert (said.code, said.out) == (1, "")
    assert "can only be read: nothing was changed" in said.err


def test_locked_database_says_to_try_again(radap):
    with closing(sqlite3.connect(radap.folder / "radap.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = radap(*MEETING, RADAP_DATABASE__BUSY_SECONDS="0.2")
        other.execute("ROLLBACK")
    assert (said.code, said.out) == (1, "")
    assert said.err.endswith("did not finish in time: nothing was changed; try again.\n")
    assert radap(*MEETING).code == 0


def test_full_disk_is_told_from_the_driver_s_error(tmp_path):
    with closing(sqlite3.connect(tmp_path / "small.db")) as small:
        small.execute("CREATE TABLE t (x)")
        small.execute("PRAGMA max_page_count = 3")
        with pytest.raises(sqlite3.OperationalError) as full:
            small.execute("INSERT INTO t VALUES (zeroblob(100000))")
    condition = condition_of(full.value, "sqlite:///small.db")
    assert condition is not None
    assert condition.kind == "database.full"
    no_room_for_the_index = sqlite3.OperationalError("disk I/O error")
    no_room_for_the_index.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    condition = condition_of(no_room_for_the_index, "sqlite:///small.db")
    assert condition is not None
    assert condition.kind == "database.full"


@pytest.mark.parametrize(
    ("url", "beginning"),
    [
        ("sqlite:////proc/none/radap.db", "/proc/none"),
        (
            "postgresql+psycopg://radap:secret@127.0.0.1:1/radap",
            "The database postgresql+psycopg://radap:***@127.0.0.1:1/radap cannot be reached (",
        ),
        ("oracel://x", "“oracel://x” is not the address of a database: write it like sqlite:///var/radap.db"),
        ("radap.db", "“radap.db” is not the address of a database: write it like sqlite:///var/radap.db"),
        ("mysql://radap:secret@db/radap", "“mysql://radap:***@db/radap” is not the address of a database:"),
        ("postgresql://radap:secret@db:port/radap", "“…” is not the address of a database: write it like"),
    ],
)
def test_database_that_cannot_be_had_is_one_sentence(empty, url, beginning):
    empty.url = url
    said = empty("init")
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert beginning in said.err
    assert "secret" not in said.err


def test_file_that_is_no_database_is_said(empty):
    empty.file("radap.db", "ไม่ใช่ฐานข้อมูล " * 100)
    for words in (["level", CODE], ["init"], MEETING):
        said = empty(*words)
        assert (said.code, said.out) == (1, "")
        assert "is not a database: check the name of the file" in said.err


def test_broken_setting_is_named_with_its_line_in_either_language(radap):
    radap.file("config.toml", '[language]\ndefault = "en"\n\n[deadlines]\ndayz = 10\n')
    assert radap("level", CODE).err == (
        "config.toml, line 5: there is no setting deadlines.dayz. Did you mean days or days_are? "
        "Possible here: days, direction, shift, days_are.\n"
    )
    said = radap("level", CODE, lang="th")
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "config.toml บรรทัด 5: ไม่มีการตั้งค่า deadlines.dayz หมายถึง days หรือ days_are ใช่หรือไม่ "
        "ที่ใช้ได้คือ days, direction, shift, days_are\n"
    )
    other = radap.file("other.toml", '[language]\ndefault = "th"\n')
    assert radap("level", CODE, "--config", other).code == 0


def test_options_of_the_house_may_stand_before_and_after_the_command(radap):
    elsewhere = f"sqlite:///{radap.folder / 'other.db'}"
    assert radap("init", f"--db={elsewhere}").code == 0
    assert radap("--db", elsewhere, "level", CODE).code == 1
    assert radap("level", CODE).code == 0
    assert radap("level", CODE, "--db").code == 2


def test_unknown_language_is_refused(radap):
    said = radap("--lang", "fr", "level", CODE, lang=None)
    assert (said.code, said.err) == (2, "radap ไม่มีภาษา “fr” ให้เลือกจาก th, en\n")


def test_mistake_of_the_program_is_not_hidden(radap, monkeypatch):
    monkeypatch.setattr("engine.standing.level_of", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        radap("level", CODE)


# --- records of the city -------------------------------------------------------------------------------


def test_people_and_agencies_are_listed(radap):
    people = radap("user", "list", "--json").data
    assert [role["role"] for one in people for role in one["roles"]] == [
        Role.OPERATOR,
        Role.COORDINATOR,
        Role.SECTION_HEAD,
        Role.EVALUATOR,
    ]
    assert "หัวหน้าฝ่าย (สำนักงานเขตทุ่งครุ)" in radap("user", "list", lang="th").out
    assert [one["code"] for one in radap("agency", "list", "--json").data] == ["5049", "5042"]
    assert "Sai Mai District Office" in radap("agency", "list").out


# --- definitions ---------------------------------------------------------------------------------------

SHIPPED = Path(__file__).parents[2] / "workflows" / "civil_society_network.toml"


def test_workflows_are_listed_shown_and_drawn(radap):
    keys = [one["key"] for one in radap("workflow", "list", "--json").data]
    assert "civil_society_network" in keys
    assert len(keys) >= 6
    for key in keys:
        assert radap("workflow", "show", key).code == 0
        assert radap("workflow", "show", key, "--json").data["levels"] != []
        assert radap("workflow", "diagram", key).out.startswith("stateDiagram-v2\n")
    assert radap("workflow", "show", "civil_society_netwrk").err.startswith(
        "There is no workflow “civil_society_netwrk”. Did you mean civil_society_network?"
    )
    assert radap("workflow", "diagram", keys[0], "--at", "nowhere").code == 2


def test_workflow_check_names_file_line_and_fault(radap):
    sound = radap("workflow", "check", str(SHIPPED))
    assert (sound.code, sound.err) == (0, "")
    text = SHIPPED.read_text(encoding="utf-8")
    line = next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith("version"))
    broken = radap.file("broken.toml", text.replace("\nversion = 2", "\nversion = 0", 1))
    said = radap("workflow", "check", str(SHIPPED), broken, lang="th")
    assert said.code == 1
    assert said.out.splitlines()[1:] == [f"{broken} บรรทัด {line}: เลขรุ่นคือ 0 ต้องเป็น 1 ขึ้นไป"]
    (fault,) = radap("workflow", "check", broken, "--json").data["faults"]
    assert (fault["line"], fault["kind"]) == (line, "workflow.version_below_one")
    assert radap("workflow", "check", "none.toml").err == "There is no file none.toml: check its name.\n"


# --- the whole way on both databases -------------------------------------------------------------------


def test_a_meeting_is_recorded_on_either_database(database_url, tmp_path):
    radap = Terminal(database_url, tmp_path)
    found(radap)
    for words in (
        [*MEETING, "--by", COORDINATOR],
        ["record", CODE, "committee_appointed", "--on", "30 พ.ย. 2563"],
        ["record", CODE, "guidelines_set", "--on", "2 พ.ย. 2563"],
        ["report", "write", CODE, "2", "--result", "2", "--text", "ประชุมแล้ว"],
        ["seal", "2564", "1"],
        ["journal", "verify", "--seal"],
        ["doctor"],
    ):
        said = radap(*words)
        assert (said.code, said.err) == (0, "")
    data = radap("level", CODE, "--json").data
    assert (data["claimed"], data["self_reported"]) == ({"level": 2, "fraction": 0.5}, 2)
    assert radap("record", "5049-2071", "meetings_held", "--on", "2021-05-18").code == 1
    assert radap("backup", str(tmp_path / "copy.tar.gz")).code == 0


@pytest.mark.parametrize("held", ["LOCK TABLE indicators", "SELECT * FROM indicators FOR UPDATE"])
def test_who_waits_for_a_lock_of_another_is_told_so_in_time(held, postgres, tmp_path):
    url = postgres.create()
    radap = Terminal(url, tmp_path)
    found(radap)
    before = radap("journal", "show", CODE, "--json").data
    with psycopg.connect(plain(url)) as other:
        other.execute(held)

        said = radap(*MEETING, "--by", COORDINATOR, RADAP_DATABASE__BUSY_SECONDS="0.2")

        assert (said.code, said.out) == (1, "")
        assert said.err.startswith("Somebody else is writing to postgresql")
        assert "nothing was changed; try again" in said.err

    assert radap("journal", "show", CODE, "--json").data == before
    assert radap(*MEETING, "--by", COORDINATOR, RADAP_DATABASE__BUSY_SECONDS="0.2").code == 0
    postgres.drop(url)


def test_empty_postgresql_says_which_command_to_run(database_url, tmp_path):
    said = Terminal(database_url, tmp_path)("level", CODE)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("This database has not been set up: run `radap init` first")


@pytest.mark.parametrize(
    ("wrong", "english"),
    [({"database": "radap_none"}, "There is no database"), ({"username": "nobody"}, "refuses the user or")],
)
def test_postgresql_that_lets_nobody_in_says_why(postgres, tmp_path, wrong, english):
    url = make_url(postgres.create())
    said = Terminal(url.set(**wrong).render_as_string(hide_password=False), tmp_path)("level", CODE)
    postgres.drop(url.render_as_string(hide_password=False))
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert english in said.err


def test_progress_bars_stay_off_a_pipe(radap):
    assert radap("doctor").err == ""


def test_every_command_explains_itself():
    """Each command and each of its options has a line of help."""
    import typer  # noqa: PLC0415 - only to walk the commands

    pending = [typer.main.get_command(app)]
    silent = []
    while pending:
        command = pending.pop()
        if isinstance(command, typer.core.TyperGroup):
            context = typer.Context(command)
            names = command.list_commands(context)
            pending += [found for name in names if (found := command.get_command(context, name))]
        silent += [command.name] if not command.help and command.name != "radap" else []
        for param in command.params:
            if param.param_type_name == "option" and not getattr(param, "help", None):
                silent.append(f"{command.name} {param.name}")
    assert silent == []


def test_sqlite_errors_below_the_toolkit_are_understood():
    error = sqlalchemy.exc.OperationalError(
        "SELECT 1", {}, sqlite3.OperationalError("no such table: indicators")
    )
    condition = condition_of(error, "sqlite://")
    assert condition is not None
    assert condition.kind == "schema.missing"
