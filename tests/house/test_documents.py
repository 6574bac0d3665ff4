"""The documents tell the truth: what is generated is fresh, every picture is there."""

from __future__ import annotations

import re

import pytest

from tests.house.generated import DOCUMENTS, ROOT, renewed

MARKDOWN = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_generated_parts_of_a_document_are_fresh(name: str) -> None:
    """`make docs` would change nothing."""
    text = (ROOT / name).read_text(encoding="utf-8")

    assert renewed(text, DOCUMENTS[name]) == text


@pytest.mark.parametrize("name", MARKDOWN)
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    """Links and pictures lead somewhere."""
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)

    assert [link for link in links if not ((ROOT / name).parent / link).exists()] == []


def test_every_make_target_that_a_document_names_exists() -> None:
    """A newcomer who types what a document says gets what it says."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in MARKDOWN}
    named = {(name, word) for name in texts for word in re.findall(r"(?:`|^)make ([a-z-]+)", texts[name], re.MULTILINE)}

    assert [(name, word) for name, word in sorted(named) if word not in targets] == []


def test_every_test_that_a_document_names_is_there() -> None:
    """CONTRIBUTING.md says which test fails when a step is forgotten; the test keeps its name, or the page follows."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)`[:,] `(test_\w+)`", text)

    assert named
    assert [test for path, test in named if f"def {test}(" not in (ROOT / path).read_text(encoding="utf-8")] == []


def test_the_way_of_a_command_is_ten_files_that_are_there() -> None:
    """From Slack's door through the engine and back to Slack's door, one file a line."""
    way = re.findall(r"^(\d+)\. `([\w/]+\.py)`", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.MULTILINE)
    files = [name for _, name in way]

    assert [int(number) for number, _ in way] == list(range(1, 11))
    assert [name for name in files if not (ROOT / name).is_file()] == []
    assert (files[0], files[-1]) == ("bot/slack/listeners.py", "bot/slack/poster.py")
    assert {name.partition("/")[0] for name in files} == {"bot", "commands", "engine"}


def test_every_file_of_ours_that_a_document_names_is_there() -> None:
    """A path in backquotes, also in a sentence: whoever moves a file moves its name too."""
    missing = []
    for name in MARKDOWN:
        text = (ROOT / name).read_text(encoding="utf-8")
        paths = re.findall(r"`((?:bot|commands|engine|audit|tests|docs)/[\w/.-]*)`", text)
        missing += [f"{name}: {path}" for path in paths if not (ROOT / path).exists()]

    assert missing == []


def test_the_architecture_is_one_page() -> None:
    """What is written by hand fits on a screen or two; longer reasons stand in docstrings."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    by_hand = re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", "", text, flags=re.DOTALL)

    assert by_hand.count("\n") <= 75
