"""`csfailover lab`: look at the lab's pools, break them, repair them. What it prints comes from engine.lab.

Works on the world's file beside a running bot, as trouble comes from outside there too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bot import clock
from engine.port import EngineError

DATA = Path("csfailover-demo")
"""Where the demo leaves its log and its world."""
WORLD_FILE = DATA / "lab.db"


def option_for(world: Path) -> str:
    """What a `csfailover lab` line has to end with so that it works on this world."""
    if world == WORLD_FILE:
        return ""
    return f' --world "{world}"' if " " in str(world) else f" --world {world}"


WORLD = click.option("--world", type=click.Path(path_type=Path), default=WORLD_FILE, show_default=True)


@click.group()
def lab() -> None:
    """Look at the lab's pools, break them, repair them: from outside, while the bot runs."""


def _on_world(path: Path, act: Callable[[Any], Any]) -> Any:
    from engine.lab.world import World  # noqa: PLC0415  # slow imports only where they are needed

    try:
        world = World(path, clock=clock.unix)
    except EngineError as error:
        raise click.ClickException(f"{error.say} {error.detail}".strip()) from None
    try:
        return act(world)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except KeyError as error:
        say = f"there is no user {error.args[0]} in this world; the first is user0000001@contoso.com"
        raise click.UsageError(say) from None
    finally:
        world.close()


@lab.command(name="show")
@click.argument("what", required=False, metavar="[POOL | USER]")
@WORLD
def lab_show(what: str | None, world: Path) -> None:
    """The pools, who serves whom, what is broken, what runs; or one pool; or who serves user0000001@contoso.com."""
    from engine.lab.reading import who_serves  # noqa: PLC0415
    from engine.lab.show import show, show_pool  # noqa: PLC0415

    if what is None:
        click.echo("\n".join(_on_world(world, show)))
    elif "@" in what:
        pool, level = _on_world(world, lambda w: who_serves(w, what.lower()))
        click.echo(f"{what}: {pool or 'served by nobody'}, {level.value}")
    else:
        click.echo("\n".join(_on_world(world, lambda w: show_pool(w, what))))


@lab.command(name="break")
@click.argument("what", required=False)
@click.argument("arguments", nargs=-1)
@WORLD
def lab_break(what: str | None, arguments: tuple[str, ...], world: Path) -> None:
    """Break something; without an argument, list what can be broken."""
    from engine.lab.trouble import BREAKABLE, break_  # noqa: PLC0415

    if what is None:
        typed = {f"{name} {trouble.arguments}".strip(): trouble.say for name, trouble in BREAKABLE.items()}
        wide = max(map(len, typed))
        click.echo("\n".join(f"{words:<{wide}}  {say}" for words, say in typed.items()))
        return
    click.echo(_on_world(world, lambda w: break_(w, what, *arguments)))


@lab.command(name="repair")
@click.argument("what", default="all")
@click.argument("pool", required=False)
@WORLD
def lab_repair(what: str, pool: str | None, world: Path) -> None:
    """Repair one kind of trouble, or all of them."""
    from engine.lab.trouble import repair  # noqa: PLC0415

    click.echo(_on_world(world, lambda w: repair(w, what, pool)))


@lab.command(name="reset")
@click.option("--tiny", "size", flag_value="tiny", help="2 x 50 users")
@click.option("--forest", "size", flag_value="forest", help="13 pairs, 1,000,000 users")
@click.option("--product", type=click.Choice(["2013", "2015"]), default="2013", show_default=True)
@WORLD
def lab_reset(size: str | None, product: str, world: Path) -> None:
    """Make a new world, with everybody at home."""
    from engine.lab.build import Size  # noqa: PLC0415
    from engine.lab.trouble import reset  # noqa: PLC0415
    from engine.lab.world import create  # noqa: PLC0415

    chosen = Size(size) if size else Size.DEFAULT
    if not world.exists():
        world.parent.mkdir(parents=True, exist_ok=True)
        create(world, chosen, clock=clock.unix, product=product).close()
        click.echo(f"A new world is in {world}.")
        return
    click.echo(_on_world(world, lambda w: reset(w, chosen, product)))
