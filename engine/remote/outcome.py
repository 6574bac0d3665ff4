"""How a run ended, judged by what was seen of it: the last state, the errors, the questions. Pure; not the verdict.

pypsrp's `had_errors` is not used: it stays False for errors that do not end the cmdlet. A run that warned counts
as one with warnings, as no cmdlet reports in any other way how much was assumed or lost.
"""

from __future__ import annotations

from typing import Any

from pypsrp.complex_objects import PSInvocationState as State

from engine.model import Ended, Outcome, Stream
from engine.remote.known import explain
from engine.remote.streams import error_id, error_message, report_path


def unknown(say: str) -> Outcome:
    return Outcome(Ended.UNKNOWN, say)


def not_started(say: str) -> Outcome:
    return Outcome(Ended.NOT_STARTED, say)


class Ending:
    """Remembers only what the outcome needs from the records, so that a long run does not grow."""

    def __init__(self) -> None:
        self.errors = 0
        self.last_error = ""
        self.last_id = ""
        self.last_warning = ""
        self.report = ""

    def saw(self, stream: Stream, item: Any, text: str) -> None:
        if stream == "error":
            self.errors += 1
            self.last_error, self.last_id = error_message(item), error_id(item)
        elif stream in ("warning", "verbose", "information"):
            report = report_path(text)
            self.report = report or self.report
            if stream == "warning" and not report:
                self.last_warning = text

    def outcome(self, state: int, asked: list[str], *, stopped: bool) -> Outcome:
        ended, say = self._judge(state, asked, stopped=stopped)
        return Outcome(ended, say + self._explained(), self.last_id, report=self.report)

    def _judge(self, state: int, asked: list[str], *, stopped: bool) -> tuple[Ended, str]:
        if asked:
            return Ended.FAILED, f"The cmdlet asked: {asked[-1]} Nobody here may answer Yes, so the answer was No."
        if state == State.STOPPED:
            return Ended.STOPPED, "The cmdlet was stopped" + (" as asked." if stopped else " by the server.")
        if state == State.FAILED:
            return Ended.FAILED, f"The cmdlet failed: {self.last_error or 'it did not say why.'}"
        if self.errors:
            return Ended.COMPLETED_WITH_ERRORS, f"The cmdlet ran to its end and reported errors: {self.last_error}"
        if self.last_warning:
            return Ended.COMPLETED_WITH_ERRORS, f"The cmdlet ran to its end and warned: {self.last_warning}"
        return Ended.COMPLETED, "The cmdlet ran to its end without an error."

    def _explained(self) -> str:
        known = explain(self.last_error) if self.last_error else None
        return f" {known.cause} {known.cure}" if known else ""
