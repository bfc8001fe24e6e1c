"""What a person does in the Prefect UI, in a real browser: start a run from its form, see it wait, approve it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grace.git import GitRepository
from tests.deployments.conftest import REVIEWED, Box, free_port, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ANSWER_MS = 20_000
SLOW_MS = 120_000
"""For what takes a worker, a search and a test run on a busy machine."""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A server of this machine's user alone, which needs no login."""
    (tmp_path / "home").mkdir()
    made = Box(tmp_path / "home", free_port(), free_port())
    made.up(auth="")
    yield made
    made.down()


@pytest.fixture
def page() -> Iterator[Any]:
    """An empty tab."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1400, "height": 1600})
        browser.close()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium")
def test_a_run_is_started_from_its_form_waits_and_is_approved_with_a_code(
    box: Box, page: Any, make_repository: Callable[..., GitRepository]
) -> None:
    repository = make_repository(REVIEWED)
    open_deployment(page, box)
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Custom run").click()
    field(page, "Repository").fill(str(repository.root))
    field(page, "Requested By (Optional)").fill("ann")
    submit(page, lambda: page.wait_for_url("**/deployments/deployment/*?tab=Runs", timeout=ANSWER_MS))
    page.get_by_role("link", name="fix project").first.click(timeout=SLOW_MS)
    page.get_by_text("Suspended", exact=True).first.wait_for(timeout=SLOW_MS)
    assert until(lambda: box.processes("worker"), 10)
    assert branches(repository) == []

    waiting = json.loads(box.grace("runs", "--json").stdout)["runs"][0]
    assert waiting["status"] == "waiting"
    given = json.loads(box.grace("approvals", "code", waiting["run_id"], "--as", "bob", "--json").stdout)
    page.get_by_role("button", name="Resume").click()
    dialog = page.get_by_role("dialog")
    shown = dialog.inner_text()
    assert "people look at everything" in shown
    assert "+    return max(low, min(value, high))" in dialog.locator("pre").first.inner_text()
    dialog.get_by_role("button", name="count again").press("ArrowDown")
    page.locator(".p-select-option").get_by_text("approve", exact=True).click()
    field(dialog, "Comment (Optional)").fill("reads well")
    field(dialog, "Code (Optional)").fill(given["code"])
    submit(dialog, lambda: dialog.wait_for(state="hidden", timeout=ANSWER_MS))
    page.get_by_text("Completed", exact=True).first.wait_for(timeout=SLOW_MS)
    assert branches(repository) == [f"grace/fix-bug/{waiting['run_id']}"]
    (vote,) = json.loads(box.grace("show", waiting["run_id"], "--json").stdout)["votes"]
    assert (vote["voter"], vote["comment"], vote["approved"]) == ("bob", "reads well", True)


def open_deployment(page: Any, box: Box) -> None:
    page.goto(f"http://127.0.0.1:{box.port}/deployments")
    page.get_by_role("link", name="fix-bug", exact=True).first.click()


def submit(form: Any, done: Callable[[], object]) -> None:
    """Press the button, and once more when the UI says that something went wrong: its SQLite was locked."""
    from playwright.sync_api import TimeoutError as Late

    for _ in range(4):
        form.get_by_role("button", name="Submit").click()
        try:
            done()
        except Late:
            continue
        return
    raise AssertionError("The form was not taken.")


def field(within: Any, label: str) -> Any:
    """The text box below a label; the UI does not tie the two together."""
    return within.locator(f"xpath=.//label[normalize-space()='{label}']/following::textarea[1]").first


def branches(repository: GitRepository) -> list[str]:
    from grace.git.trailers import branches as named

    return list(named(repository.root, "grace/"))
