"""From typed text to a wish: repair, words, switches, click; and the help made from the same.

Pure. Whatever is typed becomes a wish, the help, or one of our own sentences: click's own words reach nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

import click

from commands.grammar.reading import CMDLET, Typed
from commands.grammar.text import repair, words
from commands.grammar.values import Unclear
from commands.grammar.wish import Answer, Wish

LONGEST = 10_000
"""Characters. It bounds the time that reading takes, while Slack waits."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with what was typed, and what to type instead."""

    say: str
    cure: str = ""


@dataclass(frozen=True)
class Parsed:
    """Exactly one of `wish`, `problem` and `help` is set. `repairs` are shown to who typed it."""

    wish: Wish | None = None
    problem: Problem | None = None
    help: Answer | None = None
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Command:
    name: str
    parser: click.Command
    examples: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, module: ModuleType) -> Command:
        name = module.__name__.rpartition(".")[2].replace("_", "-")
        return cls(name, module.command, module.EXAMPLES)

    @property
    def summary(self) -> str:
        return (self.parser.help or "").strip().partition("\n")[0]

    @property
    def hint(self) -> str:
        """The usage hint that Slack shows beside the command's name."""
        return f"{self._usage()} | help".removeprefix(" | ")

    def parse(self, text: str) -> Parsed:
        """The wish behind the text. Never raises for anything that a person can type."""
        if len(text) > LONGEST:
            say = f"That is {len(text):,} characters; at most {LONGEST:,} are read, and nothing was cut off silently."
            return Parsed(problem=Problem(say, "Shorten it; details belong in the incident's thread."))
        repaired = repair(text)
        typed = words(repaired.text)
        reading = Typed(self.parser)
        if reading.wants_help(typed):
            return Parsed(help=self.help(), repairs=repaired.repairs)
        try:
            context = self.parser.make_context(f"/{self.name}", reading.args(typed))
            wish: Wish = self.parser.invoke(context)
        except click.UsageError as error:
            return Parsed(problem=self._problem(error), repairs=repaired.repairs)
        return Parsed(wish=wish, repairs=(*repaired.repairs, *dict.fromkeys(reading.notes)))

    def _problem(self, error: click.UsageError) -> Problem:
        say = error.message if isinstance(error, Unclear) else "I do not understand this as it is written."
        shows = "shows every switch" if self._options() else "shows how it is written"
        return Problem(say, f"/{self.name} help {shows}. Example: {self.examples[0][0]}")

    def help(self) -> Answer:
        """Usage, switches in both spellings, and examples; the docs are made from the same."""
        lines = ((self.parser.help or "").strip(), f"/{self.name} {self._usage()}".strip())
        switches = tuple((_spelling(option), option.help or "") for option in self._options())
        return Answer(f"/{self.name}", lines, items=(*self.examples, *switches))

    def _options(self) -> Sequence[click.Option]:
        return [p for p in self.parser.params if isinstance(p, click.Option) and not p.hidden]

    def _usage(self) -> str:
        arguments = [p.human_readable_name for p in self.parser.params if isinstance(p, click.Argument)]
        return " ".join([*arguments, *(["[switches]"] if self._options() else [])])


def _spelling(option: click.Option) -> str:
    """`--wait TIME, -WaitTime`: ours, then the cmdlet's, which the option's metadata carries."""
    value = "" if option.is_flag else f" {option.make_metavar(click.Context(click.Command('x')))}"
    cmdlet = CMDLET.get(option.name or "")
    return f"{option.opts[0]}{value}" + (f", -{cmdlet}" if cmdlet else "")
