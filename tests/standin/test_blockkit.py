"""Every limit of Block Kit the checker knows: at the limit it passes, one beyond it is named with its pointer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from bot.standin.blockkit import Surface, problems, view_problems
from bot.standin.people import Json


def plain(text: str = "x") -> Json:
    return {"type": "plain_text", "text": text}


def mark(text: str = "x") -> Json:
    return {"type": "mrkdwn", "text": text}


def section(**more: Any) -> Json:
    return {"type": "section", "text": mark(), **more}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain(), "action_id": "a", **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def buttons(count: int) -> Json:
    return actions(*(button(action_id=f"a{n}") for n in range(count)))


def confirm(**more: Any) -> Json:
    return button(confirm={"title": plain(), "text": mark(), "confirm": plain(), "deny": plain(), **more})


def options(count: int, text: str = "x", value: str = "v") -> list[Json]:
    return [{"text": plain(text), "value": f"{n}{value}"[:200]} for n in range(count)]


def select(choices: list[Json], **more: Any) -> Json:
    return actions({"type": "static_select", "action_id": "s", "options": choices, **more})


def menu(kind: str, count: int) -> Json:
    return actions({"type": kind, "action_id": "m", "options": options(count)})


def field(**more: Any) -> Json:
    return {"type": "input", "label": plain(), "element": {"type": "plain_text_input", "action_id": "t"}, **more}


def table(rows: int, cells: int) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * cells] * rows}


def chart(title: str = "Users", series: int = 1, points: int = 1, label: str = "x") -> Json:
    data = [{"label": label, "value": 1}] * points
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {"type": "bar", "series": [{"name": "s", "data": data}] * series},
    }


def picture(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a", **more}


def rich(part: str = "rich_text_section") -> Json:
    return {"type": "rich_text", "elements": [{"type": part, "elements": []}]}


T = "x"
# what is limited, the largest that passes, the smallest that does not, where it points
LIMITS: list[tuple[str, list[Any], list[Any], str]] = [
    ("section text", [section(text=mark(T * 3000))], [section(text=mark(T * 3001))], "/0/text/text"),
    ("section text not empty", [section()], [section(text=mark(""))], "/0/text/text"),
    ("section text or fields", [section()], [{"type": "section"}], "/0"),
    ("section fields", [section(fields=[mark()] * 10)], [section(fields=[mark()] * 11)], "/0/fields"),
    ("section field", [section(fields=[mark(T * 2000)])], [section(fields=[mark(T * 2001)])], "/0/fields/0/text"),
    ("header", [{"type": "header", "text": plain(T * 150)}], [{"type": "header", "text": plain(T * 151)}], "/0/text"),
    ("header is plain", [{"type": "header", "text": plain()}], [{"type": "header", "text": mark()}], "/0/text/type"),
    (
        "context elements",
        [{"type": "context", "elements": [mark()] * 10}],
        [{"type": "context", "elements": [mark()] * 11}],
        "/0/elements",
    ),
    ("actions elements", [buttons(25)], [buttons(26)], "/0/elements"),
    ("actions not empty", [buttons(1)], [buttons(0)], "/0/elements"),
    ("button text", [actions(button(text=plain(T * 75)))], [actions(button(text=plain(T * 76)))], "/0/elements/0/text"),
    ("button is plain", [actions(button())], [actions(button(text=mark()))], "/0/elements/0/text/type"),
    ("button value", [actions(button(value=T * 2000))], [actions(button(value=T * 2001))], "/0/elements/0/value"),
    ("button url", [actions(button(url=T * 3000))], [actions(button(url=T * 3001))], "/0/elements/0/url"),
    ("button style", [actions(button(style="danger"))], [actions(button(style="loud"))], "/0/elements/0/style"),
    (
        "one primary",
        [actions(button(style="primary"))],
        [actions(button(style="primary"), button(action_id="b", style="primary"))],
        "/0/elements",
    ),
    (
        "action_id",
        [actions(button(action_id=T * 255))],
        [actions(button(action_id=T * 256))],
        "/0/elements/0/action_id",
    ),
    (
        "action_id once in a block",
        [actions(button(), button(action_id="b")), actions(button())],
        [actions(button(), button())],
        "/0/elements/1/action_id",
    ),
    ("block_id", [section(block_id=T * 255)], [section(block_id=T * 256)], "/0/block_id"),
    (
        "block_id once in a message",
        [section(block_id="a"), section(block_id="b")],
        [section(block_id="a"), section(block_id="a")],
        "/1/block_id",
    ),
    (
        "confirm title",
        [actions(confirm(title=plain(T * 100)))],
        [actions(confirm(title=plain(T * 101)))],
        "/0/elements/0/confirm/title",
    ),
    (
        "confirm text",
        [actions(confirm(text=mark(T * 300)))],
        [actions(confirm(text=mark(T * 301)))],
        "/0/elements/0/confirm/text",
    ),
    (
        "confirm button",
        [actions(confirm(confirm=plain(T * 30)))],
        [actions(confirm(confirm=plain(T * 31)))],
        "/0/elements/0/confirm/confirm",
    ),
    (
        "deny button",
        [actions(confirm(deny=plain(T * 30)))],
        [actions(confirm(deny=plain(T * 31)))],
        "/0/elements/0/confirm/deny",
    ),
    ("select options", [select(options(100))], [select(options(101))], "/0/elements/0/options"),
    ("option text", [select(options(1, T * 75))], [select(options(1, T * 76))], "/0/elements/0/options/0/text"),
    (
        "option value",
        [select(options(1, value=T * 149))],
        [select(options(1, value=T * 150))],
        "/0/elements/0/options/0/value",
    ),
    (
        "initial option",
        [select(options(1), initial_option=options(1)[0])],
        [select(options(1), initial_option=options(2)[1])],
        "/0/elements/0/initial_option",
    ),
    ("overflow, at most", [menu("overflow", 5)], [menu("overflow", 6)], "/0/elements/0/options"),
    ("overflow, at least", [menu("overflow", 2)], [menu("overflow", 1)], "/0/elements/0/options"),
    ("checkboxes", [menu("checkboxes", 10)], [menu("checkboxes", 11)], "/0/elements/0/options"),
    ("radio buttons", [menu("radio_buttons", 10)], [menu("radio_buttons", 11)], "/0/elements/0/options"),
    (
        "image url",
        [picture(image_url=T * 3000)],
        [picture(image_url=T * 3001)],
        "/0/image_url",
    ),
    ("alt text", [picture(alt_text=T * 2000)], [picture(alt_text=T * 2001)], "/0/alt_text"),
    ("alt text is there", [picture()], [picture(alt_text=None)], "/0/alt_text"),
    ("image source", [picture()], [picture(image_url=None)], "/0"),
    (
        "markdown in all",
        [{"type": "markdown", "text": T * 6000}] * 2,
        [{"type": "markdown", "text": T * 6000}, {"type": "markdown", "text": T * 6001}],
        "",
    ),
    ("table rows", [table(100, 1)], [table(101, 1)], "/0/rows"),
    ("table cells", [table(1, 20)], [table(1, 21)], "/0/rows/0"),
    ("one table", [table(1, 1), section()], [table(1, 1), table(1, 1)], ""),
    ("rich text parts", [rich()], [rich("paragraph")], "/0/elements/0/type"),
    (
        "task status",
        [{"type": "task_card", "task_id": "1", "title": "t", "status": "in_progress"}],
        [{"type": "task_card", "task_id": "1", "title": "t", "status": "running"}],
        "/0/status",
    ),
    (
        "task in a plan",
        [{"type": "plan", "title": "p", "tasks": [{"type": "task_card", "task_id": "1", "title": "t"}]}],
        [{"type": "plan", "title": "p", "tasks": [{"type": "task_card", "task_id": "1"}]}],
        "/0/tasks/0/title",
    ),
    ("card title", [{"type": "card", "title": mark(T * 150)}], [{"type": "card", "title": mark(T * 151)}], "/0/title"),
    ("card body", [{"type": "card", "body": mark(T * 200)}], [{"type": "card", "body": mark(T * 201)}], "/0/body"),
    (
        "carousel",
        [{"type": "carousel", "elements": [{"type": "card"}] * 10}],
        [{"type": "carousel", "elements": [{"type": "card"}] * 11}],
        "/0/elements",
    ),
    (
        "container",
        [{"type": "container", "child_blocks": [section()] * 10}],
        [{"type": "container", "child_blocks": [section()] * 11}],
        "/0/child_blocks",
    ),
    (
        "inside a container",
        [{"type": "container", "child_blocks": [section()]}],
        [{"type": "container", "child_blocks": [section(text=mark(""))]}],
        "/0/child_blocks/0/text/text",
    ),
    ("chart title", [chart(T * 50)], [chart(T * 51)], "/0/title"),
    ("chart series", [chart(series=6)], [chart(series=7)], "/0/chart/series"),
    ("chart points", [chart(points=20)], [chart(points=21)], "/0/chart/series/0/data"),
    ("chart label", [chart(label=T * 20)], [chart(label=T * 21)], "/0/chart/series/0/data/0/label"),
    ("blocks in a message", [section()] * 50, [section()] * 51, ""),
    ("known types only", [{"type": "divider"}], [{"type": "sektion"}], "/0/type"),
    ("no inputs in messages", [section()], [field()], "/0/type"),
    ("no alerts in messages", [section()], [{"type": "alert", "text": mark()}], "/0/type"),
    ("no typed text among actions", [buttons(1)], [actions({"type": "plain_text_input", "action_id": "t"})], "/0"),
    ("no misspelt keys", [actions(button())], [actions(button(stile="primary"))], "/0/elements/0"),
    ("text object type", [section()], [section(text={"type": "markdown", "text": "x"})], "/0/text/type"),
    ("blocks are objects", [section()], ["section"], "/0"),
]


@pytest.mark.parametrize(("good", "bad", "where"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_the_limit_passes_and_one_beyond_it_is_pointed_at(good: list[Any], bad: list[Any], where: str) -> None:
    """The largest allowed payload has no problem; the smallest forbidden one has one at its place."""
    assert problems(good) == []
    assert any(f"[json-pointer:/blocks{where}" in problem for problem in problems(bad)), problems(bad)


@pytest.mark.parametrize(
    ("surface", "blocks", "fine"),
    [
        ("modal", [field()], True),
        ("home", [field()], True),
        ("modal", [{"type": "alert", "text": mark()}], True),
        ("home", [{"type": "alert", "text": mark()}], False),
        ("modal", [table(1, 1)], False),
        ("modal", [{"type": "markdown", "text": "x"}], False),
        ("modal", [section()] * 100, True),
        ("modal", [section()] * 101, False),
        ("home", [section()] * 101, False),
        ("message", [section()] * 51, False),
    ],
)
def test_every_surface_takes_its_own_blocks(surface: Surface, blocks: list[Json], fine: bool) -> None:
    """Inputs and alerts live in modals, tables and markdown in messages; messages hold half as many blocks."""
    assert (problems(blocks, surface) == []) is fine


MODAL: Json = {"type": "modal", "title": plain(), "submit": plain(), "blocks": [field()]}


@pytest.mark.parametrize(
    ("good", "bad", "where"),
    [
        ({"title": plain(T * 24)}, {"title": plain(T * 25)}, "/title"),
        ({"submit": plain(T * 24)}, {"submit": plain(T * 25)}, "/submit"),
        ({"close": plain(T * 24)}, {"close": plain(T * 25)}, "/close"),
        ({}, {"submit": None}, "/submit"),
        ({"private_metadata": T * 3000}, {"private_metadata": T * 3001}, "/private_metadata"),
        ({"callback_id": T * 255}, {"callback_id": T * 256}, "/callback_id"),
        ({}, {"type": "dialog"}, "/type"),
        ({"blocks": [field(hint=plain(T * 2000))]}, {"blocks": [field(hint=plain(T * 2001))]}, "/blocks/0/hint"),
        ({}, {"blocks": [field(label=mark())]}, "/blocks/0/label/type"),
        ({}, {"blocks": [field(element={"type": "plain_text_input", "max_length": 3001})]}, "/blocks/0/element"),
        ({}, {"blocks": [field(element=button())]}, "/blocks/0/element/type"),
    ],
    ids=str.split("title submit close submitless metadata callback type hint label max_length element"),
)
def test_a_views_own_fields_have_limits_too(good: Json, bad: Json, where: str) -> None:
    """Title, submit and close of 24, private_metadata of 3,000, inputs only with a submit button."""
    assert view_problems(MODAL | good) == []
    found = view_problems(MODAL | bad)
    assert any(f"[json-pointer:/view{where}" in problem for problem in found), found


JUNK: list[Any] = [None, 7, "x", [], {}, [7], [[]], {"type": []}]


def spoiled(thing: Any) -> Iterator[Any]:
    """Copies of a payload, each with junk in one more place."""
    yield from JUNK
    places = thing.items() if isinstance(thing, dict) else enumerate(thing[:2]) if isinstance(thing, list) else ()
    for place, inner in places:
        for worse in spoiled(inner):
            yield {**thing, place: worse} if isinstance(thing, dict) else [*thing[:place], worse, *thing[place + 1 :]]


@pytest.mark.parametrize("row", LIMITS, ids=[row[0] for row in LIMITS])
def test_no_junk_makes_the_checker_fall_over(row: tuple[str, list[Any], list[Any], str]) -> None:
    """Whatever stands where it should not, the answer is a list of problems."""
    surfaces: tuple[Surface, ...] = ("message", "modal")
    for surface in surfaces:
        for blocks in spoiled(row[1]):
            assert isinstance(problems(blocks, surface), list)
    for view in spoiled(MODAL):
        assert isinstance(view_problems(view), list)


def test_the_checker_needs_no_server() -> None:
    """Importing it loads neither aiohttp nor any other part of the stand-in's server."""
    code = (
        "import sys; import bot.standin.blockkit; print('aiohttp' in sys.modules, 'bot.standin.server' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
