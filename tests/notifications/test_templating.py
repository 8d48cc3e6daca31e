"""Our templates: both languages say the same, and the style gets onto every element and into no code."""

import re
from collections import Counter

import pytest
from jinja2 import Environment, nodes

from notifications.templating import (
    FOLDER,
    LANGUAGES,
    MAILS,
    PARTS,
    SYNTAX,
    source_of,
    styled,
    template_names,
)

FRAMES = [f"_base/body.{language}.{ending}" for language in LANGUAGES for ending in ("txt", "html")]
PAGES = [name for name in (*template_names(), *FRAMES) if name.endswith(".html")]


def skeleton(name: str) -> list[str]:
    """What a template does, without what it says."""
    tree = Environment(**SYNTAX).parse((FOLDER / name).read_text(encoding="utf-8"))
    return [
        f"{type(node).__name__} {getattr(node, 'name', getattr(node, 'attr', ''))}"
        for node in tree.find_all(nodes.Node)
        if not isinstance(node, nodes.Output | nodes.TemplateData)
    ]


def code(source: str) -> list[str]:
    return re.findall(r"\{%.*?%\}|\{\{.*?\}\}", source)


def test_every_mail_has_every_part_in_every_language():
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert there == {*template_names(), *FRAMES, "_base/style.css"}


@pytest.mark.parametrize("mail", [*MAILS, "_base"])
def test_languages_differ_in_their_words_only(mail):
    for part, ending in PARTS if mail != "_base" else PARTS[1:]:
        thai, english = (f"{mail}/{part}.{language}.{ending}" for language in ("th", "en"))
        assert skeleton(thai) == skeleton(english), part


def test_pages_of_both_languages_have_the_same_elements():
    for thai in (name for name in PAGES if ".th." in name):
        both = [(FOLDER / name).read_text(encoding="utf-8") for name in (thai, thai.replace(".th.", ".en."))]
        elements = [re.findall(r'</?\w+|class="[^"]*"', source) for source in both]
        assert elements[0] == elements[1], thai


@pytest.mark.parametrize("name", PAGES)
def test_style_leaves_the_code_alone(name):
    source = source_of(name)
    assert source is not None
    assert code(source) == code((FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PAGES)
def test_every_class_has_its_style_on_the_element(name):
    plain = (FOLDER / name).read_text(encoding="utf-8")
    source = source_of(name)
    assert source is not None
    assert source.count(' style="') == plain.count(' class="') > 0
    assert ' class="' not in source
    assert "<style" not in source


def test_every_class_that_is_used_is_in_the_style_and_the_other_way_round():
    used = {
        one
        for name in PAGES
        for classes in re.findall(r'class="([^"]*)"', (FOLDER / name).read_text(encoding="utf-8"))
        for one in classes.split()
    }
    styles = (FOLDER / "_base" / "style.css").read_text(encoding="utf-8")
    assert used == set(re.findall(r"^\.([a-z-]+)", styles, re.MULTILINE))


def test_thai_has_room_for_its_tone_marks():
    styles = (FOLDER / "_base" / "style.css").read_text(encoding="utf-8")
    assert 'font-family: Sarabun, "Noto Sans Thai", Tahoma, sans-serif;' in styles
    heights = {float(height) for height in re.findall(r"line-height: ([0-9.]+);", styles)}
    assert min(heights) >= 1.4


def test_element_that_says_its_colour_of_writing_or_ground_is_safe_in_the_dark():
    """A dark mode that turns one of the two must find the other."""
    styles = (FOLDER / "_base" / "style.css").read_text(encoding="utf-8")
    alone = [
        rule.split("{")[0].strip()
        for rule in re.findall(r"^\.[^}]+\}", styles, re.MULTILINE)
        if "background-color:" in rule and not re.search(r"[^-]color:", rule)
    ]
    assert alone == [".all"]  # of which nothing is seen but the margin


def test_style_is_put_on_rows_that_are_made_by_a_loop():
    source = '<table>{% for one in items %}<tr><td class="line">{{ one.what }}</td></tr>{% endfor %}</table>'
    made = styled(source)
    assert code(made) == code(source)
    assert re.fullmatch(
        r'<table>\{% for one in items %\}(<tbody>)?<tr><td style="[^"]+">\{\{ one.what \}\}</td></tr>'
        r"\{% endfor %\}(</tbody>)?</table>",
        made,
    )


@pytest.mark.parametrize(
    "source",
    [
        '<a href="{{ link }}" title="{{ "a" if x > 1 and y < 2 else "b" }}">{{ "&" }}</a>',
        "{# a > b #}<p>{% raw %}{{ x }}{% endraw %}{% if a < b and c > d %}1{% endif %}</p>",
        "<title>{{ house }}</title>",
        '<p class="line">{%- if x -%} a {%- endif -%}</p>',
    ],
)
def test_code_of_any_look_comes_through(source):
    renders = [
        Environment(autoescape=True, **SYNTAX)
        .from_string(text)
        .render(link="/a?b=1&c=2", x=5, y=1, a=1, b=2, c=4, d=3, house="<&>")
        for text in (source, styled(source))
    ]
    assert Counter(re.sub(r' (class|style)="[^"]*"', "", renders[0])) == Counter(
        re.sub(r' style="[^"]*"', "", renders[1])
    )


@pytest.mark.parametrize(
    "source",
    [
        "<p {{ name }}>x</p>",
        "<p class={{ name }}>x</p>",
        "<{{ name }}>x</p>",
        "<p>\ue0000\ue001{{ name }}</p>",
        "<p><!-- {{ name }} --></p>",
        "<style>.a { color: {{ name }} }</style>",
    ],
)
def test_code_where_markup_does_not_keep_it_is_refused(source):
    with pytest.raises(ValueError, match="code stands"):
        styled(source)


def test_no_style_is_fetched_from_anywhere(tmp_path):
    sheet = tmp_path / "evil.css"
    sheet.write_text("p { color: red }", encoding="utf-8")
    made = styled(f'<link rel="stylesheet" href="{sheet}"><p>x</p>')
    assert "red" not in made
