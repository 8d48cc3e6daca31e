"""The house's own wording is used where it holds; whatever is tried with it, the mail goes out."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from jinja2 import Environment

from engine.errors import Unmet
from notifications import samples
from notifications.allowed import MOST_BYTES, Fault, faults_of, shape_of
from notifications.overrides import Broken, Overrides
from notifications.sandbox import Broke, Sandbox
from notifications.templating import FOLDER, SYNTAX, frame_of, template_names
from tests.notifications.mailroom import (
    CALENDAR,
    HOME,
    NOW,
    REF,
    SENDER,
    WORDINGS,
    composer,
    digest_of,
    item,
    page_of,
    parsed,
    text_of,
)

SUBJECT, TEXT, PAGE = "digest/subject.th.txt", "digest/body.th.txt", "digest/body.th.html"


@cache
def sample_values() -> dict[str, list[dict[str, object]]]:
    return samples.sample_values(WORDINGS, CALENDAR, SENDER, HOME)


class Folder:
    """A folder of wording, and the mails that are made with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made: list[Overrides] = []

    def with_file(self, name: str, text: str | bytes) -> "Folder":
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self

    def loaded(self) -> Overrides:
        self._made.append(Overrides(self.path, sample_values()))
        return self._made[-1]

    def broken(self, name: str, text: str | bytes) -> list[tuple[int, str]]:
        """Line and kind of everything that is wrong with the file, of which nothing is then used."""
        overrides = self.with_file(name, text).loaded()
        assert overrides.used == frozenset()
        assert {one.file for one in overrides.broken} <= {name}
        return [(one.line, one.kind) for one in overrides.broken]

    def close(self) -> None:
        for overrides in self._made:
            overrides.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path)
    yield folder
    folder.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


# --- wording that holds --------------------------------------------------------------------------------


def test_wording_of_the_house_is_used(folder):
    folder.with_file(SUBJECT, "{{ house }}: {{ count }} เรื่อง ({{ first.left }})")
    folder.with_file(
        PAGE,
        '{% extends "_base/body.th.html" %}{% block content %}'
        '<p class="text">สวัสดี {{ name|upper }}</p>'
        "{% for item in items %}<b>{{ loop.index|thai_digits }}. {{ item.what }}</b>"
        "{% for one in item.told %}{{ one.name }}{% endfor %}{% else %}-{% endfor %}{% endblock %}",
    )
    overrides = folder.loaded()
    mail = composer(overrides).mail(digest_of(item(what="<ประชุม>")), REF, NOW)
    assert overrides.broken == ()
    assert overrides.used == {SUBJECT, PAGE}
    assert parsed(mail)["Subject"] == "ระบบติดตามตัวชี้วัด: 1 เรื่อง (เหลืออีก 3 วันทำการ)"
    assert '<p style="margin: 0 0 16px;color: #1b2430;">สวัสดี ผู้ประสานงาน เขตทุ่งครุ</p>' in page_of(mail)
    assert "<b>๑. &lt;ประชุม&gt;</b>" in page_of(mail)
    assert "อีเมลฉบับนี้ส่งโดยระบบอัตโนมัติ" in page_of(mail)
    assert "1. <ประชุม>" in text_of(mail)  # ours, as the house has no wording for the text


def test_copies_of_our_own_templates_hold_and_say_the_same(folder):
    for name in template_names():
        folder.with_file(name, (FOLDER / name).read_bytes())
    overrides = folder.loaded()
    assert overrides.broken == ()
    assert overrides.used == set(template_names())
    for language in WORDINGS:
        ours, theirs = (samples.composed(made, language) for made in (composer(), composer(overrides)))
        assert list(ours) == list(theirs)


def test_own_template_need_not_stand_in_our_frame(folder):
    overrides = folder.with_file(TEXT, "เรียน {{ name }} มีงาน {{ count }} เรื่อง").loaded()
    mail = composer(overrides).mail(digest_of(), REF, NOW)
    assert text_of(mail) == "เรียน ผู้ประสานงาน เขตทุ่งครุ มีงาน 1 เรื่อง"


def test_file_may_have_a_byte_order_mark_and_windows_line_ends(folder):
    overrides = folder.with_file(SUBJECT, b"\xef\xbb\xbf" + "งาน {{ count }}\r\n".encode()).loaded()
    assert parsed(composer(overrides).mail(digest_of(), REF, NOW))["Subject"] == "งาน 1"


def test_subject_of_the_house_stays_one_header(folder):
    overrides = folder.with_file(SUBJECT, "a\r\nBcc: all@thief.example\r\n\r\n{{ count }}").loaded()
    message = parsed(composer(overrides).mail(digest_of(), REF, NOW))
    assert message["Subject"] == "a Bcc: all@thief.example 1"
    assert message["Bcc"] is None


# --- what is not allowed: told before anything is compiled ---------------------------------------------

EXTENDS = '{% extends "_base/body.th.txt" %}'
ATTACKS = {
    # attribute tricks
    "class_of_text": ("{{ ''.__class__ }}", "override.unknown_field"),
    "class_of_a_value": ("{{ name.__class__.__mro__ }}", "override.unknown_field"),
    "underscore": ("{{ first._private }}", "override.unknown_field"),
    "method": ("{{ name.format }}", "override.unknown_field"),
    "item": ("{{ first['__class__'] }}", "override.not_allowed"),
    "attr_filter": ("{{ name|attr('__class__') }}", "override.filter"),
    "map_filter": ("{{ items|map('upper') }}", "override.filter"),
    "namespace": ("{{ namespace(x=1) }}", "override.not_allowed"),
    "self": ("{{ self.__init__.__globals__ }}", "override.unknown_name"),
    "loop_internals": ("{% for a in items %}{{ loop._iterable }}{% endfor %}", "override.unknown_field"),
    "loop_cycle": ("{% for a in items %}{{ loop.cycle(1, 2) }}{% endfor %}", "override.not_allowed"),
    # format-string tricks
    "format_method": ("{{ '{0.__class__}'.format(name) }}", "override.not_allowed"),
    "format_filter": ("{{ '%s'|format(name) }}", "override.filter"),
    "percent": ("{{ '%9999999999d' % 1 }}", "override.not_allowed"),
    # huge repeats
    "times": ("{{ 'x' * 10000000000 }}", "override.not_allowed"),
    "power": ("{{ 9 ** 9 ** 9 ** 9 }}", "override.not_allowed"),
    "center": ("{{ name|center(10000000000) }}", "override.filter"),
    "replace": ("{{ name|replace('a', 'aaaaaaaaaa') }}", "override.filter"),
    "join": ("{{ name|join(name) }}", "override.filter"),
    "concat": ("{{ name ~ name }}", "override.not_allowed"),
    "lipsum": ("{{ lipsum(n=100000) }}", "override.not_allowed"),
    # endless and deep loops
    "range": ("{% for i in range(1000000000) %}x{% endfor %}", "override.not_allowed"),
    "loop_over_text": ("{% for sign in name %}x{% endfor %}", "override.no_list"),
    "loop_over_constant": ("{% for sign in 'abc' %}x{% endfor %}", "override.no_list"),
    "loop_over_list": ("{% for sign in [1, 2] %}x{% endfor %}", "override.not_allowed"),
    "loop_over_all_twice": (
        "{% for a in items %}{% for b in items %}x{% endfor %}{% endfor %}",
        "override.nested",
    ),
    "loops_three_deep": (
        "{% for a in items %}{% for b in a.told %}{% for c in a.told %}x{% endfor %}{% endfor %}{% endfor %}",
        "override.nested",
    ),
    "recursive": ("{% for a in items recursive %}{{ loop(items) }}{% endfor %}", "override.not_allowed"),
    "unpacking": ("{% for a, b in items %}x{% endfor %}", "override.not_allowed"),
    # unknown names
    "unknown_name": ("{{ nmae }}", "override.unknown_name"),
    "unknown_field": ("{{ first.titel }}", "override.unknown_field"),
    "unknown_list": ("{% for a in itmes %}x{% endfor %}", "override.unknown_name"),
    "after_the_loop": ("{% for a in items %}x{% endfor %}{{ a }}", "override.unknown_name"),
    "else_of_the_loop": ("{% for a in items %}x{% else %}{{ a }}{% endfor %}", "override.unknown_name"),
    "unknown_test": ("{% if name is sameas(none) %}x{% endif %}", "override.test"),
    # other files, and whatever can hide something
    "include": ("{% include 'secret.txt' %}", "override.not_allowed"),
    "import": ("{% import 'x' as x %}", "override.not_allowed"),
    "from_import": ("{% from 'x' import y %}", "override.not_allowed"),
    "extends_other": ("{% extends 'digest/body.en.txt' %}", "override.extends"),
    "extends_name": ("{% extends name %}", "override.extends"),
    "extends_path": ("{% extends '../../config.toml' %}", "override.extends"),
    "macro": ("{% macro m() %}x{% endmacro %}", "override.not_allowed"),
    "call_block": ("{% call name() %}x{% endcall %}", "override.not_allowed"),
    "set": ("{% set x = name %}", "override.not_allowed"),
    "with": ("{% with x = name %}{{ x }}{% endwith %}", "override.not_allowed"),
    "filter_block": ("{% filter upper %}x{% endfilter %}", "override.not_allowed"),
    "autoescape": ("{% autoescape false %}x{% endautoescape %}", "override.not_allowed"),
    "safe": ("{{ name|safe }}", "override.filter"),
    "other_block": ("{% block frame %}x{% endblock %}", "override.block"),
    "block_in_a_loop": (
        "{% for a in items %}{% block content %}x{% endblock %}{% endfor %}",
        "override.block",
    ),
    "super": ("{% block content %}{{ super() }}{% endblock %}", "override.not_allowed"),
    "inside_a_condition": ("{{ 'a' if name else ''.__class__ }}", "override.unknown_field"),
    "inside_a_filter": ("{{ name|default(''.__class__) }}", "override.unknown_field"),
    "inside_a_comparison": ("{% if 1 < name.x < 2 %}x{% endif %}", "override.unknown_field"),
    "inside_elif": ("{% if name %}a{% elif name.x %}x{% endif %}", "override.unknown_field"),
    "named_argument": ("{{ name|default(default_value='x') }}", "override.not_allowed"),
    "spread_argument": ("{{ name|default(*items) }}", "override.not_allowed"),
}


def faults(source: str, name: str = TEXT) -> list[Fault]:
    environment = Environment(autoescape=True, **SYNTAX)
    return faults_of(source, environment, shape_of(sample_values()[name][0]), frame_of(name))


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_refused_by_its_line(attack):
    source, kind = ATTACKS[attack]
    assert [(fault.line, fault.kind) for fault in faults(f"เรียน {{{{ name }}}}\n\n{source}")] == [(3, kind)]


@pytest.mark.parametrize("name", template_names())
def test_our_own_templates_contain_nothing_else(name):
    assert faults((FOLDER / name).read_text(encoding="utf-8"), name) == []


def test_all_faults_are_told_at_once():
    source = "{{ nmae }}\n{% include 'x' %}\n{{ first.titel|attr('x') }}\n{{ 1 * 2 }}"
    assert [(fault.line, fault.kind) for fault in faults(source)] == [
        (1, "override.unknown_name"),
        (2, "override.not_allowed"),
        (3, "override.filter"),
        (3, "override.unknown_field"),
        (4, "override.not_allowed"),
    ]


@pytest.mark.parametrize(
    ("source", "params"),
    [
        ("{{ nmae }}", {"given": "nmae", "nearest": ["name", "more", "home"]}),
        ("{{ first.titel }}", {"given": "titel", "nearest": ["title", "state"]}),
        ("{{ name|uper }}", {"given": "uper", "nearest": ["upper"]}),
        ("{{ 1 ** 2 }}", {"given": "**"}),
        ("{% include 'x' %}", {"given": "include"}),
        ("{% extends 'x' %}", {"known": "_base/body.th.txt"}),
    ],
)
def test_particulars_name_what_was_written_and_what_was_meant(source, params):
    (fault,) = faults(source)
    assert {key: fault.params[key] for key in params} == params


@pytest.mark.parametrize(
    ("source", "line", "kind"),
    [
        ("เรียน\n{{ name", 2, "override.syntax"),
        ("{% if name %}", 1, "override.syntax"),
        ("{% no such thing %}", 1, "override.syntax"),
        ("{{ " + "9" * 5000 + " }}", 0, "override.syntax"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", 0, "override.too_deep"),
        ("{{ " + "not " * 5000 + "name }}", 0, "override.too_deep"),
        ("ก" * (MOST_BYTES // 3 + 1), 0, "override.too_long"),
    ],
)
def test_what_is_no_template_is_refused(source, line, kind):
    assert [(fault.line, fault.kind) for fault in faults(source)] == [(line, kind)]


# --- what the kernel stops, should anything ever get past the list -------------------------------------

ENDLESS = "{% for a in items %}" * 8 + "{% endfor %}" * 8
MANY: dict[str, object] = {"items": [{"told": []} for _ in range(1000)]}


def rendered(sandbox: Sandbox, source: str, values: dict[str, object]) -> str:
    """What the template says, or the kind of what it came to."""
    try:
        sandbox.load("digest/x.txt", source)
        return sandbox.render("digest/x.txt", values)
    except Broke as broke:
        return broke.fault.kind


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (ENDLESS, "override.too_slow"),
        ("{{ 'x' * 10000000000 }}", "override.too_much"),
        ("{{ 10 ** (10 ** 9) }}", "override.too_slow"),
        ("{% for a in items %}{{ 'x' * 10000 }}{% endfor %}", "override.too_much"),
        ("{% for i in range(10) %}{% endfor %}", "override.failed"),
        ("{{ ''.__class__.__mro__ }}", "override.failed"),
        ("{{ '{0.__class__}'.format('x') }}", "override.failed"),
        ("{{ items|attr('__class__') }}", "override.syntax"),
        ("{% include '../config.toml' %}", "override.failed"),
    ],
)
def test_sandbox_outlives_what_is_done_in_it(sandbox, source, kind):
    assert rendered(sandbox, source, MANY) == kind
    assert rendered(sandbox, "{{ items|length }}", MANY) == "1000"


def test_sandbox_keeps_its_templates_when_its_process_is_ended(sandbox):
    assert rendered(sandbox, "{{ name }}", {"name": "x"}) == "x"
    assert sandbox._process is not None
    sandbox._process.kill()
    sandbox._process.wait()
    assert sandbox.render("digest/x.txt", {"name": "y"}) == "y"


def test_process_of_the_sandbox_has_no_environment_and_ends_with_whoever_asks(sandbox):
    assert rendered(sandbox, "{{ name }}", {"name": "x"}) == "x"
    process = sandbox._process
    assert process is not None
    assert Path(f"/proc/{process.pid}/environ").read_bytes() == b""
    limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="utf-8")
    assert f"Max address space         {256 * 1024**2}" in limits
    assert "Max file size             0" in limits
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=30) == 0


# --- broken wording gives way to ours, and is told -----------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        (TEXT, "เรียน\n{{ ''.__class__ }}", [(2, "override.unknown_field")]),
        (TEXT, "{{ name", [(1, "override.syntax")]),
        (TEXT, EXTENDS + "{% block content %}{% endblock %}" * 2, [(1, "override.syntax")]),
        (TEXT, "", [(0, "override.empty")]),
        (SUBJECT, " {% if overdue > 999 %}x{% endif %}\n", [(0, "override.empty")]),
        (TEXT, "{% if first.left < 5 %}x{% endif %}", [(0, "override.failed")]),
        (TEXT, "{{ name is divisibleby(0) }}", [(0, "override.failed")]),
        (TEXT, b"\xe0\xb9\x80\n\xa1\xa2", [(2, "override.not_utf8")]),
        (TEXT, b"x" * (MOST_BYTES + 1), [(0, "override.too_long")]),
        (PAGE, '<p {{ "class" }}="x">{{ name }}</p>', [(0, "override.markup")]),
    ],
)
def test_broken_wording_is_told_and_ours_is_used(folder, name, text, found):
    assert folder.broken(name, text) == found
    mail = composer(folder.loaded()).mail(digest_of(), REF, NOW)
    assert mail == composer().mail(digest_of(), REF, NOW)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("digest/body.txt", "digest/body.th.txt"),
        ("digest/subject.th.html", "digest/subject.th.txt"),
        ("digst/body.th.html", "digest/body.th.html"),
        ("_base/body.th.html", "test/body.th.html"),
        ("digest/.body.th.txt.swp", "digest/body.th.txt"),
    ],
)
def test_file_that_is_no_wording_is_told_with_the_nearest(folder, name, nearest):
    (broken,) = folder.with_file(name, "x").loaded().broken
    assert (broken.file, broken.kind) == (name, "override.unknown_file")
    assert nearest in broken.params["nearest"]


def test_folder_that_is_not_there_is_told(tmp_path):
    overrides = Overrides(tmp_path / "wording", sample_values())
    assert [one.kind for one in overrides.broken] == ["override.no_folder"]
    assert composer(overrides).mail(digest_of(), REF, NOW) == composer().mail(digest_of(), REF, NOW)


def test_link_to_something_that_is_no_file_is_no_wording(folder):
    (folder.path / "digest").mkdir()
    (folder.path / TEXT).symlink_to("/dev/zero")
    assert folder.loaded().broken == ()


def test_one_broken_file_leaves_the_others_in_use(folder):
    folder.with_file(TEXT, "{{ nmae }}").with_file(SUBJECT, "{{ count }} เรื่อง")
    overrides = folder.loaded()
    assert overrides.used == {SUBJECT}
    assert [one.file for one in overrides.broken] == [TEXT]
    assert parsed(composer(overrides).mail(digest_of(), REF, NOW))["Subject"] == "1 เรื่อง"


def test_wording_that_breaks_with_a_later_mail_gives_way_from_then_on(folder):
    """A mail of more than anybody foresaw."""
    overrides = folder.with_file(TEXT, "{{ name }}{% for item in items %}{{ item.why }}{% endfor %}").loaded()
    assert overrides.used == {TEXT}
    big = digest_of(*(item(why="เหตุ" * 1000) for _ in range(300)))
    assert composer(overrides).mail(big, REF, NOW) == composer().mail(big, REF, NOW)
    assert overrides.used == frozenset()
    assert [(one.file, one.kind) for one in overrides.broken] == [(TEXT, "override.too_much")]


def test_mail_goes_out_when_the_process_cannot_be_had(folder, monkeypatch):
    overrides = folder.with_file(SUBJECT, "{{ count }} เรื่อง").loaded()
    overrides.close()
    monkeypatch.setattr("notifications.sandbox.sys.executable", "/nowhere/python")
    assert composer(overrides).mail(digest_of(), REF, NOW) == composer().mail(digest_of(), REF, NOW)
    assert [one.kind for one in overrides.broken] == ["override.ended"]


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_way_of_breaking_is_told_in_a_sentence(language):
    found = {kind for _, kind in ATTACKS.values()}
    written = {kind for kind in WORDINGS[language].sentences if kind.startswith("override.")}
    assert found <= written
    for source, _ in ATTACKS.values():
        (fault,) = faults(source)
        broken = Broken(TEXT, fault.line, fault.kind, fault.params)
        sentence = WORDINGS[language].unmet(broken.unmet)
        assert sentence.startswith(TEXT)
        assert not set("{}[") & set(sentence.replace(str(fault.params.get("given", "")), ""))


def test_sentence_names_file_line_and_what_was_meant():
    broken = Broken(
        TEXT, 3, "override.unknown_name", {"given": "nmae", "nearest": ["name"], "known": ["name"]}
    )
    assert broken.unmet == Unmet(broken.kind, {"file": TEXT, "line": 3, **broken.params})
    assert WORDINGS["en"].unmet(broken.unmet) == (
        "digest/body.th.txt, line 3 names “nmae”, which there is not, so our wording is used."
        " Did you mean name? There are name."
    )
    assert WORDINGS["th"].unmet(Broken(TEXT, 0, "override.empty").unmet) == (
        "digest/body.th.txt ให้ข้อความว่าง จึงใช้ข้อความของระบบ"
    )


def test_samples_show_everything_that_a_mail_can_say():
    """Shapes are taken from them: a list without an element, or a part that is never there, would lack."""
    for name, (first, *_) in sample_values().items():
        lists = [value for value in first.values() if isinstance(value, list)]
        assert all(lists), name
        if name.startswith("digest/"):
            fields = {field for one in first["items"] for field, value in one.items() if value}  # type: ignore[attr-defined]  # a list of views
            assert fields == set(first["items"][0])  # type: ignore[index]  # a list of views
