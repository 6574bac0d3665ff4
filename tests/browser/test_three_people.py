"""The main job in a real browser: three people, from the slash command to the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bot.demo import demo
from tests.browser.people import CHROMIUM, PATIENCE, Window, browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
DISASTER = "Disaster failover of pool01.contoso.com"


@pytest.fixture(scope="module")
def started() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def opened(started: Browser) -> Iterator[Browser]:
    """Without a window, and with nothing in its memory."""
    yield started
    for context in started.contexts:
        context.close()


def test_three_people_fail_a_pool_over_in_the_browser(tmp_path: Path, opened: Browser) -> None:
    """Alice asks, her own approval is refused, Bob and Carol approve, and all three see the verdict."""
    data = tmp_path / "data"
    with demo.running(data, 0, "socket", demo.lab(data, 600.0)) as running:
        alice, bob, carol = (Window.open(opened, running.standin.url, f"U0{n}") for n in ("ALICE", "BOB", "CAROL"))
        running.breaks("pool", "pool01")
        alice.page.get_by_text("app connected").wait_for()
        alice.types('/failover pool01 —disaster --reason "storage <!channel> lost"')
        alice.sees("Waiting: 0 of 2 approvals given")
        alice.takes(tmp_path / "asked.png")

        alice.approves(DISASTER)
        alice.sees("nobody approves their own request")
        bob.approves(DISASTER)
        bob.sees("Waiting: 1 of 2 approvals given")
        carol.approves(DISASTER)
        for window in (alice, bob, carol):
            window.sees("SUCCEEDED")
            expect(window.card(DISASTER).get_by_role("button", name="Approve")).to_have_count(0, timeout=PATIENCE)
        carol.takes(tmp_path / "verdict.png")

        card = carol.card(DISASTER)
        expect(card).to_contain_text("Invoke-CsPoolFailOver -PoolFqdn pool01.contoso.com -DisasterMode")
        expect(card).to_contain_text("storage <!channel> lost")
        assert (alice.errors, bob.errors, carol.errors) == ([], [], [])
        assert all((tmp_path / name).stat().st_size > 10_000 for name in ("asked.png", "verdict.png"))


def test_a_lead_denies_with_a_reason_in_the_form(tmp_path: Path, opened: Browser) -> None:
    """The form asks why; the reason is on the card, and the buttons are gone."""
    data = tmp_path / "data"
    with demo.running(data, 0, "http", demo.lab(data, 600.0)) as running:
        alice, bob = (Window.open(opened, running.standin.url, f"U0{n}") for n in ("ALICE", "BOB"))
        bob.page.wait_for_timeout(500)
        alice.types("/failover pool01")
        bob.card("Failover of pool01.contoso.com").get_by_role("button", name="Deny").click()
        form = bob.page.get_by_role("dialog")
        form.get_by_role("textbox").fill("not during the quarter's end")
        form.get_by_role("button", name="Deny").click()

        alice.sees("Denied by Bob")
        alice.sees("not during the quarter's end")
        expect(alice.card("Failover of pool01.contoso.com").get_by_role("button", name="Approve")).to_have_count(0)
