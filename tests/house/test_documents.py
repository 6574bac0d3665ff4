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


def test_every_make_target_in_the_readme_exists() -> None:
    """A newcomer who types what the README says gets what it says."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))

    assert named - targets == set()
