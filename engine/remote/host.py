"""The PowerShell host on our side: it hears what the server says, and answers every question with No.

Approvals are the confirmation, so nobody here may answer a question with Yes. It is kept word for word for
the people in the channel. A question that offers no No is not answered at all: `stuck` makes the follower
stop the pipeline, which would otherwise wait for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pypsrp.host import PSHost, PSHostUserInterface

Told = Callable[[Literal["prompt", "host"], str], None]
"""Takes a stream (`prompt` or `host`) and the words."""

SAYS_ABOUT_ITSELF = frozenset({"GetName", "GetVersion", "GetInstanceId", "GetCurrentCulture", "GetCurrentUICulture"})
ASKS = ("Read", "Prompt", "Get", "EnterNestedPrompt", "PushRunspace")


class SaysNo(PSHost):
    def __init__(self, told: Told) -> None:
        super().__init__(None, None, False, "csfailover", None, PSHostUserInterface(), "1.0")
        self._told = told
        self.asked: list[str] = []
        self.stuck = False

    def run_method(self, method_identifier: Any, args: list[Any], runspace: Any, pipeline: Any = None) -> Any:
        """Called by pypsrp for each host call. Returns the answer, or None for none."""
        name = str(method_identifier)
        if name in SAYS_ABOUT_ITSELF:
            return super().run_method(method_identifier, args, runspace, pipeline)
        if name == "PromptForChoice":
            return self._choice(*args)
        if name.startswith(ASKS):
            self._unanswered(name, args)
        elif name.startswith("Write") and name != "WriteProgress":
            self._told("host", _words(args))
        return None

    def _choice(self, caption: Any, message: Any, choices: Any, *_: Any) -> int | None:
        question = _words([caption, message])
        no = _no(choices)
        if no is None:
            self._unanswered("PromptForChoice", [caption, message])
            return None
        self.asked.append(question)
        self._told("prompt", f"{question} — answered No")
        return no

    def _unanswered(self, name: str, args: list[Any]) -> None:
        question = _words(args[:2]) or name
        self.asked.append(question)
        self.stuck = True
        self._told("prompt", f"{question} — not answered ({name}); the cmdlet is stopped")


def _words(args: list[Any]) -> str:
    return " ".join(text for a in args if isinstance(a, str) and (text := a.strip()))


def _no(choices: Any) -> int | None:
    """The index of plain No. The label is `&No` with its hot key; PowerShell translates it, so English only:
    a translated question stays unanswered rather than being guessed at."""
    for index, choice in enumerate(choices or []):
        properties = {**getattr(choice, "adapted_properties", {}), **getattr(choice, "extended_properties", {})}
        label = next((str(v) for k, v in properties.items() if k.lower() == "label"), "")
        if label.replace("&", "").strip().lower() == "no":
            return index
    return None
