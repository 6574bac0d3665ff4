"""Three people in three browser windows, and how they use the page: as a person finds things, by role and name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PATIENCE = 20_000
"""Milliseconds for anything to appear."""


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@dataclass(frozen=True)
class Window:
    """One person's window. `errors` gathers what the page itself complained about."""

    page: Page
    errors: list[str]

    @classmethod
    def open(cls, opened: Browser, url: str, user: str, size: tuple[int, int] = (1180, 820)) -> Window:
        page = opened.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
        page.set_default_timeout(PATIENCE)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{url}/?as={user}")
        return cls(page, errors)

    def types(self, text: str) -> None:
        box = self.page.get_by_role("textbox", name="Message")
        box.fill(text)
        box.press("Enter")

    def card(self, operation_of: str) -> Locator:
        return self.page.get_by_role("article").filter(has_text=operation_of).filter(has_text="Operation").last

    def sees(self, text: str) -> None:
        expect(self.page.get_by_role("article").filter(has_text=text).last).to_be_visible(timeout=PATIENCE)

    def approves(self, operation_of: str) -> None:
        """Click Approve on the card, and confirm in the dialog that asks once more."""
        self.card(operation_of).get_by_role("button", name="Approve").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Approve").click()

    def takes(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)
