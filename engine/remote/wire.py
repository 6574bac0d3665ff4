"""From the plan's typed parameters to the values pypsrp puts on the wire. Pure; a golden test holds the bytes.

TimeSpan goes as text, `hh:mm:ss`, which PowerShell converts: a bare number would be ticks or days, and pypsrp 0.9.1
cannot serialise a timedelta. A switch goes as True, Confirm as a boolean.
"""

from __future__ import annotations

from engine.model import Parameter, Plan
from engine.plan import timespan
from engine.port import StepRefused

INT32 = 2**31


def arguments(plan: Plan) -> dict[str, str | bool | int]:
    """Raises StepRefused for a value that the parameter's type cannot carry, and for Force with WhatIf: on
    Invoke-CsComputerFailOver Microsoft documents that Force makes WhatIf ignored."""
    if {"Force", "WhatIf"} <= {parameter.name for parameter in plan.parameters}:
        raise StepRefused("Force and WhatIf together are never sent: a real failover might start. Leave one out.")
    return {parameter.name: _value(parameter) for parameter in plan.parameters}


def _value(parameter: Parameter) -> str | bool | int:
    value = parameter.value
    match parameter.type:
        case "Switch" | "Boolean" if isinstance(value, bool):
            return value
        case "TimeSpan" if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return timespan(value)
        case "Int32" if isinstance(value, int) and not isinstance(value, bool) and -INT32 <= value < INT32:
            return value
        case "Fqdn" if isinstance(value, str) and value:
            return value
    raise StepRefused(f"-{parameter.name} cannot be sent: {value!r} is not a {parameter.type}.")
