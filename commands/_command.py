"""From typed text to a wish: repair, words, flags in either spelling, click; and the help made from the same.

Pure. A word that is not understood is an error with the nearest right one, never dropped, never guessed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType

import click

from commands._text import repair, words
from commands._wish import Answer, Wish

HELP_WORDS = frozenset({"help", "--help", "-h", "-?", "/?", "?"})
_FLAG = re.compile(r"^--?([A-Za-z][A-Za-z0-9-]*)(?:[:=](.*))?$", re.DOTALL)
_SHORT = {"wi": "whatif", "cf": "confirm"}
NO_CONFIRM = (
    "-Confirm cannot be switched off here. The approvals of the leads are the confirmation, "
    "and the cmdlet itself is never asked twice."
)


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
        repaired = repair(text)
        typed = words(repaired.text)
        if any(word.lower() in HELP_WORDS for word in typed[:1]) or "--help" in typed:
            return Parsed(help=self.help(), repairs=repaired.repairs)
        try:
            args, notes = _flags(typed, self._takes_value())
            context = self.parser.make_context(f"/{self.name}", args)
            wish: Wish = self.parser.invoke(context)
        except click.UsageError as error:
            return Parsed(problem=self._problem(error), repairs=repaired.repairs)
        return Parsed(wish=wish, repairs=(*repaired.repairs, *notes))

    def _takes_value(self) -> dict[str, bool]:
        """Every spelling of every switch, and whether a value follows it."""
        options = [p for p in self.parser.params if isinstance(p, click.Option)]
        return {spelling: not option.is_flag for option in options for spelling in option.opts}

    def _problem(self, error: click.UsageError) -> Problem:
        say = error.format_message()
        if isinstance(error, click.NoSuchOption) and not error.possibilities:
            known = sorted({o for p in self.parser.params for o in p.opts})
            near = difflib.get_close_matches(error.option_name, known, n=1, cutoff=0.5)
            say += f" Did you mean {near[0]}?" if near else ""
        return Problem(say, f"/{self.name} help shows every switch. Example: {self.examples[0][0]}")

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
    cmdlet = _CMDLET.get(option.name or "")
    return f"{option.opts[0]}{value}" + (f", -{cmdlet}" if cmdlet else "")


_CMDLET = {
    "fqdn": "PoolFqdn",
    "disaster": "DisasterMode",
    "flush_storage": "FlushStorageService",
    "force": "Force",
    "skip_verification": "SkipDataVerification",
    "wait": "WaitTime",
    "whatif": "WhatIf",
    "database_timeout": "DatabaseCommandTimeoutInSeconds",
    "stop_delay": "ServicesStopDelayMins",
}


def _flags(typed: Sequence[str], takes_value: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    """Every flag as `--name` or `--name=value` in lower case, PowerShell's `-Name:$true` included.
    Raises click.UsageError for -Confirm, which is answered with why not, and for a switch that would swallow the
    next one as its value."""
    args: list[str] = []
    notes: list[str] = []
    for word in typed:
        match = _FLAG.match(word)
        if not match:
            args.append(word)
            continue
        name, value = match.group(1).lower(), match.group(2)
        name = _SHORT.get(name, name)
        if name == "confirm":
            raise click.UsageError(NO_CONFIRM)
        if name == "verbose":
            notes.append("-Verbose is always sent")
        elif value is not None and value.lower() == "$false" and takes_value.get(f"--{name}") is False:
            notes.append(f"-{match.group(1)}:$false means without it; left out")
        elif value is None or value.lower() == "$true":
            args.append(f"--{name}")
        else:
            args.append(f"--{name}={value}")
    for one, other in pairwise(args):
        if takes_value.get(one) and _FLAG.match(other):
            raise click.UsageError(f'{one} needs a value, and {other} follows. If that is the value: {one}="{other}"')
    return args, notes
