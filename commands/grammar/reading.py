"""From words to what click takes: switches in either spelling, PowerShell's `-Name:$true` included, and the names.

Pure. Every word finds its place or is answered: an unknown switch, a missing value, two values that disagree, one word
too many. Nothing is dropped, nothing is guessed; the nearest right form is named.
It comes before click, which has no sentences for these; click converts, names and documents the switches.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import click

from commands.grammar.text import DASHES, Word
from commands.grammar.values import Name, Text, Unclear, Value, listed, peeled, said

HELP_WORDS = frozenset({"help", "--help", "-help", "-h", "-?", "--?", "/?", "/h", "/help", "?"})
CMDLET = {
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
"""The cmdlet's own name of each switch that it has."""
_FLAG = re.compile(r"--?([A-Za-z][A-Za-z0-9-]*)(?:[:=](.*))?", re.DOTALL)
_SHORT = {"wi": "whatif", "cf": "confirm"}
_CONFIRM_OFF = (
    "-Confirm cannot be switched off here. The approvals of the leads are the confirmation, "
    "and the cmdlet itself never asks again."
)
_CONFIRM_ON = "-Confirm is not needed here: the approvals of the leads are the confirmation. Leave it out."


@dataclass(frozen=True)
class Given:
    """One switch as it was typed; `value` is None for one that takes none, `on` is False for `-Name:$false`."""

    option: click.Option
    spelled: str
    value: str | None
    on: bool = True


@dataclass(frozen=True)
class Bare:
    """A word that is no switch. `after` is the option whose unquoted value stands before it, with no switch between."""

    text: str
    after: click.Option | None = None


class Typed:
    """One reading of one command's words. `notes` say what was left out, as what follows `I …`."""

    def __init__(self, parser: click.Command) -> None:
        self._options = {o: p for p in parser.params if isinstance(p, click.Option) for o in p.opts}
        self._arguments = [p for p in parser.params if isinstance(p, click.Argument)]
        self._given: dict[str, Given] = {}
        self._bare: list[Bare] = []
        self.notes: list[str] = []

    def wants_help(self, typed: Sequence[Word]) -> bool:
        """Whether one of the words asks for help, and is not a value: `--reason help` gives a reason."""
        before: click.Option | None = None
        for word in typed:
            plain = word.text.lower().rstrip("!.")
            if not word.quoted and plain in HELP_WORDS and (before is None or plain.startswith("-")):
                return True
            option, value = self._known(word.text)
            before = option if option and not option.is_flag and value is None and before is None else None
        return False

    def args(self, typed: Sequence[Word]) -> list[str]:
        """What click takes. Raises Unclear."""
        for word in typed:
            if word.torn:
                raise Unclear(
                    f"A quotation mark has no partner: {said(word.text)}. "
                    'Put the text between two of them, with none inside: --reason "storage work".'
                )
        rest = list(reversed(typed))
        after: click.Option | None = None
        while rest:
            word = rest.pop()
            if word.text.startswith("-") or (word.text and not word.text.strip(DASHES)):
                after = self._switch(word, rest)
            else:
                self._name(word, after)
        self._check_names()
        self._note_readings()
        switches = [_arg(given) for given in self._given.values() if given.on]
        return [*switches, *(bare.text for bare in self._bare)]

    def _known(self, text: str) -> tuple[click.Option | None, str | None]:
        match = _FLAG.fullmatch(text)
        if not match:
            return None, None
        name = match.group(1).lower()
        return self._options.get(f"--{_SHORT.get(name, name)}"), match.group(2)

    # --- switches --------------------------------------------------------------------------------------------------

    def _switch(self, word: Word, rest: list[Word]) -> click.Option | None:
        """Take one switch, and its value off the rest. Returns it if an unquoted value was taken."""
        if not word.text.strip(f"-{DASHES}"):
            raise Unclear(
                f"A dash stands alone: {said(word.text)}. A switch is written as one word, as in {self._any()}."
            )
        option, value = self._known(word.text)
        spelled = re.split("[:=]", word.text, maxsplit=1)[0]
        if option is None:
            self._unknown(spelled, word.text)
        elif option.is_flag:
            self._flag(option, spelled, _powershell_value(value, rest))
        else:
            return self._valued(option, spelled, word, rest)
        return None

    def _unknown(self, spelled: str, text: str) -> None:
        """-Verbose and -Confirm are the cmdlet's and are answered; everything else is a mistake. Raises Unclear."""
        name, _, value = text.lstrip("-").lower().replace("=", ":").partition(":")
        if "--whatif" in self._options and _SHORT.get(name, name) == "confirm":
            raise Unclear(_CONFIRM_ON if value in {"", "$true"} else _CONFIRM_OFF)
        if "--whatif" in self._options and name == "verbose":
            if value not in {"", "$true", "$false"}:
                given = said(text.lstrip("-")[len("verbose:") :])
                raise Unclear(f"-Verbose takes no value, but {given} was given. Leave it out: it is always sent.")
            self.notes.append("left out -Verbose, which is always sent")
            return
        near = self._near(spelled)
        raise Unclear(f"There is no switch {said(spelled)} here." + (f" Did you mean {near}?" if near else ""))

    def _flag(self, option: click.Option, spelled: str, value: str | None) -> None:
        sets = {"": True, "$true": True, "$false": False}.get("" if value is None else value.lower() or "nothing")
        if sets is None:
            raise Unclear(
                f"{spelled} takes no value, but {said(value or '')} was given. Write {spelled} to set it, or leave it "
                f"out; PowerShell's {spelled}:$true and {spelled}:$false are understood too."
            )
        if not sets:
            self.notes.append(f"left out {spelled}:$false, which changes nothing")
        self._give(Given(option, spelled, None, sets))

    def _valued(self, option: click.Option, spelled: str, word: Word, rest: list[Word]) -> click.Option | None:
        value, quoted = self._known(word.text)[1], word.quoted
        example = f"{spelled} {_example(option)}"
        if not value and not quoted and rest:
            follows = rest[-1]
            if not follows.quoted and _FLAG.fullmatch(follows.text):
                raise Unclear(
                    f"{spelled} needs a value, as in {example}, but {said(follows.text)} follows. "
                    "If that is the value, put it in quotes."
                )
            value, quoted = rest.pop().text, follows.quoted
        if not value:
            raise Unclear(f"{spelled} needs a value, as in {example}.")
        self._give(Given(option, spelled, value))
        return None if quoted else option

    def _give(self, given: Given) -> None:
        """Twice the same is harmless; two that differ are not. Raises Unclear."""
        before = self._given.setdefault(given.option.name or "", given)
        if before.on != given.on:
            raise Unclear(f"{given.spelled} is both set and not set. Write it once.")
        if _same(before.value) != _same(given.value):
            raise Unclear(
                f"{given.spelled} is given twice, with {said(before.value or '')} and {said(given.value or '')}. "
                "Write it once."
            )

    def _any(self) -> str:
        return next((s for s in self._options if s != "--poolfqdn"), "--help")

    def _near(self, typed: str, cutoff: float = 0.6, begins: bool = True) -> str:
        """The switches that may have been meant: at most three, each in one spelling; empty when none is near.
        `begins`: also those that begin like this."""
        wanted = typed.lower().lstrip("-/")
        names = {spelling.lstrip("-"): option for spelling, option in self._options.items()}
        begun = [name for name in names if begins and len(wanted) > 1 and name.startswith(wanted)]
        found: dict[str | None, str] = {}
        for name in begun or difflib.get_close_matches(wanted, names, n=3, cutoff=cutoff):
            found.setdefault(names[name].name, _shown(name, names[name]))
        return listed(list(found.values()), "or") if 0 < len(found) <= 3 else ""

    # --- names -----------------------------------------------------------------------------------------------------

    def _name(self, word: Word, after: click.Option | None) -> None:
        flag = next((spelling for spelling, option in self._options.items() if option.is_flag), "")
        if flag and word.text.lower() in {"$true", "$false"}:
            raise Unclear(f"{word.text} stands alone. It belongs after a switch, with a colon: {flag}:{word.text}.")
        said_before = _plain(word.text) in {_plain(bare.text) for bare in self._bare}
        if not said_before or (after and isinstance(after.type, Text)):
            self._bare.append(Bare(word.text, after))

    def _check_names(self) -> None:
        """Raises Unclear when there are more than the command takes."""
        too_many = len(self._bare) > len(self._arguments)
        self._check_values(too_many)
        if not too_many:
            return
        for bare in self._bare:
            if near := self._near(bare.text, cutoff=0.8, begins=False):
                raise Unclear(f"{said(bare.text)} is one word too many. Did you mean {near}?")
        if any(argument.nargs < 0 for argument in self._arguments):
            return
        if self._arguments and isinstance(kind := self._arguments[0].type, Name):
            raise kind.several([bare.text for bare in self._bare])
        raise Unclear(f"{said(self._bare[0].text)} is one word too many: nothing follows this command.")

    def _note_readings(self) -> None:
        for given in self._given.values():
            kind = given.option.type
            if given.value and isinstance(kind, Value) and (read := kind.understood(given.value)):
                self.notes.append(f"read {given.spelled} {given.value.strip()} as {read}")

    def _check_values(self, too_many: bool) -> None:
        """Raises Unclear when words are the rest of a value: `--wait 5 m`, `--reason storage work`."""
        for given in self._given.values():
            more = [bare.text for bare in self._bare if bare.text and bare.after is given.option]
            if not more or not given.value or not isinstance(given.option.type, Value):
                continue
            if meant := given.option.type.split(given.value, more, too_many):
                raise Unclear(
                    f"{said(more[0])} is one word too many after {given.spelled}. Did you mean {given.spelled} {meant}?"
                )


def _powershell_value(value: str | None, rest: list[Word]) -> str | None:
    """`-Force: $true`, with a space, is PowerShell too."""
    return rest.pop().text if value == "" and rest and rest[-1].text.lower() in {"$true", "$false"} else value


def _arg(given: Given) -> str:
    return given.option.opts[0] if given.value is None else f"{given.option.opts[0]}={given.value}"


def _plain(name: str) -> str:
    return (peeled(name) or name).lower()


def _same(value: str | None) -> str | None:
    return None if value is None else value.strip().casefold()


def _example(option: click.Option) -> str:
    return option.type.example if isinstance(option.type, Value) else "VALUE"


def _shown(name: str, option: click.Option) -> str:
    """The spelling as the help has it."""
    cmdlet = CMDLET.get(option.name or "", "")
    return f"-{cmdlet}" if name == cmdlet.lower() and f"--{name}" != option.opts[0] else f"--{name}"
