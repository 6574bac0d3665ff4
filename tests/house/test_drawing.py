"""The drawing of the house is made from the contracts that break the build, whatever these are."""

from __future__ import annotations

from importlib.util import find_spec

from tests.house.drawing import WIDEST, contracts, house


def test_layers_are_drawn_as_a_stair_that_imports_go_down() -> None:
    """What may not import each other stands side by side; the other contracts follow by name."""
    drawn = house(
        [
            {"name": "one way", "type": "layers", "layers": ["top.a", "left | (right)", "below : beside"]},
            {"name": "inside", "type": "layers", "layers": ["x", "y"], "containers": ["top"]},
            {"name": "said again", "type": "layers", "layers": ["a"], "containers": ["top"], "exhaustive": True},
            {"name": "a knows no b", "type": "forbidden"},
        ]
    )

    assert drawn.splitlines() == [
        "```",
        "top.a",
        "└─ left | right",
        "   └─ below : beside",
        "",
        "top",
        "└─ x",
        "   └─ y",
        "```",
        "",
        "- a knows no b",
    ]


def test_a_wide_layer_goes_on_in_the_next_line() -> None:
    """The page stays readable however many modules stand side by side."""
    names = [f"package.module{n}" for n in range(40)]
    lines = house([{"name": "wide", "type": "layers", "layers": ["top", " | ".join(names)]}]).splitlines()

    assert max(map(len, lines)) <= WIDEST
    assert " ".join(lines).replace("|", " ").split()[3:-1] == names


def test_every_package_of_the_product_is_in_the_drawing() -> None:
    """A package that no layer names would be drawn nowhere, and could import what it likes."""
    drawn = house(contracts()).split()

    for package in ("bot", "commands", "engine", "audit"):
        assert find_spec(package)
        assert any(word.split(".")[0] == package for word in drawn), package
