"""The cmdlets that every PowerShell session has, as far as a client of the Lync cmdlets needs them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tests.wsman import clixml
from tests.wsman.cmdlets import SWITCH, Context, cmdlet, not_found, report
from tests.wsman.words import CULTURES


@cmdlet("Import-Module", {"Name": "System.String[]", "Force": SWITCH})
def import_module(context: Context) -> Iterable[object]:
    """Finds one module, that of the settings."""
    wanted = context.get("Name") or (context.call.arguments[0].value if context.call.arguments else "")
    for name in wanted if isinstance(wanted, list) else [wanted]:
        if str(name).lower() != context.host.settings().module.lower():
            raise context.fail(
                f"The specified module '{name}' was not loaded because no valid module file was found in any module "
                "directory.",
                "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand", 15, "ResourceUnavailable",
                reason="FileNotFoundException", exception="System.IO.FileNotFoundException",
            )  # fmt: skip
    return ()


@cmdlet("Get-Command", {"Name": "System.String[]", "Module": "System.String[]", "CommandType": "System.String"})
def get_command(context: Context) -> Iterator[object]:
    """The visible commands; a name without wildcard that is not there is a non-terminating error."""
    wanted = context.get("Name") or [a.value for a in context.call.arguments if not a.name] or ["*"]
    for name in wanted if isinstance(wanted, list) else [wanted]:
        found = context.host.matching(str(name), context.shell)
        if not found and not re.search(r"[*?\[]", str(name)):
            report(context, not_found(str(name), context.host.settings().language))
        for one in found:
            parameters = dict.fromkeys(context.host.parameters(one), "System.Management.Automation.ParameterMetadata")
            yield clixml.NetObject(
                (
                    "System.Management.Automation.CmdletInfo",
                    "System.Management.Automation.CommandInfo",
                    "System.Object",
                ),
                {
                    "Name": one.name,
                    "CommandType": clixml.Enum("System.Management.Automation.CommandTypes", "Cmdlet", 8),
                    "ModuleName": one.module,
                    "Version": clixml.Version("7.0.2046.0"),
                    "Parameters": parameters,
                },
                one.name,
            )


@cmdlet("Select-Object", {"Property": "System.Object[]", "ExpandProperty": "System.String", "First": "System.Int32"})
def select_object(context: Context) -> Iterator[object]:
    """-ExpandProperty, -Property and -First."""
    expand, first = context.get("ExpandProperty"), context.get("First")
    names = context.get("Property")
    for number, value in enumerate(context.input):
        if first is not None and number >= first:
            return
        if expand is not None:
            inner = _property(context, value, str(expand))
            yield from inner if isinstance(inner, (list, tuple)) else [inner]
        elif names is not None and isinstance(value, clixml.NetObject):
            wanted = names if isinstance(names, list) else [names]
            notes = {str(n): _property(context, value, str(n)) for n in wanted}
            types = (f"Selected.{value.types[0]}", "System.Management.Automation.PSCustomObject", "System.Object")
            yield clixml.NetObject(types, {}, "", notes)
        else:
            yield value


def _property(context: Context, value: object, name: str) -> object:
    try:
        if isinstance(value, clixml.NetObject):
            return value.get(name)
    except KeyError:
        pass
    raise context.fail(
        f'Property "{name}" cannot be found.',
        "ExpandPropertyNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand", 5, "InvalidArgument",
    )  # fmt: skip


@cmdlet("Measure-Object", {"Property": "System.String[]"})
def measure_object(context: Context) -> Iterator[object]:
    """Counts."""
    types = ("Microsoft.PowerShell.Commands.GenericMeasureInfo", "Microsoft.PowerShell.Commands.MeasureInfo",
             "System.Object")  # fmt: skip
    yield clixml.NetObject(types, {"Count": sum(1 for _ in context.input), "Average": None, "Sum": None}, types[0])


@cmdlet("Get-UICulture", {})
def get_ui_culture(_: Context) -> Iterator[object]:
    """The session's, which is what the client asked for: pypsrp asks for English."""
    yield _culture("en-US")


@cmdlet("Get-WinSystemLocale", {})
def get_system_locale(context: Context) -> Iterator[object]:
    """The language of the server itself."""
    yield _culture(CULTURES[context.host.settings().language])


def _culture(name: str) -> clixml.NetObject:
    """With the properties that pypsrp takes for mandatory in a CultureInfo."""
    told = {"LCID": LOCALES[name], "Name": name, "DisplayName": name, "IetfLanguageTag": name,
            "ThreeLetterISOLanguageName": name[:2], "ThreeLetterWindowsLanguageName": name[:2],
            "TwoLetterISOLanguageName": name[:2]}  # fmt: skip
    return clixml.NetObject(("System.Globalization.CultureInfo", "System.Object"), told, name)


LOCALES = {"en-US": 1033, "de-DE": 1031, "fr-FR": 1036, "ru-RU": 1049}


@cmdlet("Start-Sleep", {"Seconds": "System.Double", "Milliseconds": "System.Int32"})
def start_sleep(context: Context) -> Iterable[object]:
    """Stops at ctrl_c."""
    context.pipeline.wait(float(context.get("Seconds", 0)) + float(context.get("Milliseconds", 0)) / 1000)
    return ()


@cmdlet("Write-Output", {"InputObject": "System.Object"})
def write_output(context: Context) -> Iterator[object]:
    """Gives back what it was given."""
    given = context.get("InputObject", next((a.value for a in context.call.arguments), None))
    yield from given if isinstance(given, list) else [given]
