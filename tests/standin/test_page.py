"""The page in a real browser: found by role and name, as a person or a screen reader finds things."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.standin import Member
from bot.standin.people import deliveries
from tests.standin.office import Office

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-background-networking"]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def started() -> Iterator[Browser]:
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def browser(started: Browser) -> Iterator[Browser]:
    """Without a window, and with nothing in its memory."""
    yield started
    for context in started.contexts:
        context.close()


def window(browser: Browser, office: Office, user: str, complaints: list[str]) -> Page:
    """One person's window; what the page complains of (script errors, the CSP) is gathered."""
    page = browser.new_context(viewport={"width": 1180, "height": 820}).new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(f"{office.slack.url}/?as={user}")
    return page


def types(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Message")
    box.fill(text)
    box.press("Enter")


def test_two_people_use_the_page(socketed: Office, browser: Browser) -> None:
    """Alice types a command, Bob confirms in a dialog, both see the message lose its buttons; markup stays text."""
    complaints: list[str] = []
    alice, bob = (window(browser, socketed, user, complaints) for user in ("U0ALICE", "U0BOB"))
    expect(alice.get_by_role("note")).to_have_text("This is a stand-in, not Slack. Nothing leaves this machine.")
    types(alice, "<img src=x onerror=alert(1)> *look*")
    expect(bob.get_by_role("article").first).to_contain_text("<img src=x onerror=alert(1)> look")
    links = "<javascript:alert(1)|here> and <https://learn.microsoft.com/|there>"
    socketed.client.chat_postMessage(channel="C0INCIDENT", text=links)
    expect(bob.get_by_role("link", name="there")).to_have_attribute("rel", "noopener noreferrer")
    expect(bob.get_by_role("link")).to_have_count(1)
    types(alice, "/card")
    card = bob.get_by_role("article").filter(has_text="asks for")
    card.get_by_role("button", name="Approve").click()
    dialog = bob.get_by_role("dialog", name="Really?")
    dialog.get_by_role("button", name="Cancel").click()
    assert [body.get("type") for body in socketed.seen] == [None]
    card.get_by_role("button", name="Approve").click()
    dialog.get_by_role("button", name="Yes, approve").click()
    for page in (alice, bob):
        expect(page.get_by_role("article").filter(has_text="approved by @Bob")).to_be_visible()
        expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(bob.get_by_text("Only visible to you")).to_have_count(1)
    expect(alice.get_by_text("Only visible to you")).to_have_count(0)
    assert complaints == []


def test_a_form_says_what_is_missing_and_closes_when_it_is_right(socketed: Office, browser: Browser) -> None:
    """The modal is a dialog with its title as its name; errors stand at their field."""
    complaints: list[str] = []
    Member(socketed.slack.url, "U0ALICE").command("/card")
    bob = window(browser, socketed, "U0BOB", complaints)
    bob.get_by_role("button", name="Deny").click()
    form = bob.get_by_role("dialog", name="Deny")
    form.get_by_role("button", name="Deny").click()
    expect(form.get_by_role("alert").first).to_have_text("Please complete this required field.")
    form.get_by_label("Reason").fill("no")
    form.get_by_role("button", name="Deny").click()
    expect(form.get_by_role("alert").first).to_have_text("Say more than that.")
    form.get_by_label("Reason").fill("too risky")
    form.get_by_label("Kind").select_option("Risk")
    form.get_by_role("button", name="Deny").click()
    expect(form).to_have_count(0)
    expect(bob.get_by_role("article").filter(has_text="denied: too risky")).to_be_visible()
    assert complaints == []


def test_the_page_teaches_the_traps(socketed: Office, browser: Browser) -> None:
    """Smart punctuation mangles what is typed; the inspector shows the delivery; a fault is one click."""
    complaints: list[str] = []
    socketed.slack.commands = [{"command": "/echo", "hint": "WORDS", "description": "Say it again"}]
    page = window(browser, socketed, "U0ALICE", complaints)
    page.get_by_role("combobox", name="You are").select_option("U0CAROL")
    page.get_by_role("checkbox", name="smart punctuation").check()
    page.get_by_role("textbox", name="Message").fill("/ec")
    page.get_by_role("listbox", name="Commands").get_by_role("button", name="/echo").click()
    types(page, '/echo pool01 --reason "x"')
    expect(page.get_by_role("article").filter(has_text="You said pool01 —reason “x”")).to_be_visible()
    page.get_by_role("button", name="Inspector").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    expect(inspector.get_by_text("/echo pool01 —reason “x”").first).to_be_visible()
    inspector.get_by_role("button", name="Cut socket").click()
    expect(page.get_by_text("app not connected")).to_be_visible()
    inspector.get_by_text("/echo pool01").first.click()
    inspector.get_by_role("button", name="Deliver again").click()
    expect(inspector.get_by_text("no_connection")).to_be_visible()
    assert [d["payload"]["user_id"] for d in deliveries(socketed.slack.url)] == ["U0CAROL"] * 2
    assert complaints == []
