"""The page of an exploration in a browser: from a fault to its finding, and accessible."""

import shlex
from pathlib import Path

from emulator.exploration import report
from emulator.exploration.plan import Written
from tests.support.axe import assert_accessible
from tests.support.browser import Chromium
from tests.support.exploration import FakeApp, search

COMMAND = ["npm", "test", "--", "a long name" * 20]


def breaks(plan: list[Written]) -> bool:
    kinds = {name for entry in plan for name in entry if "." in name}
    is_busy = any(entry.get("api.fail", {}).get("operation") == "POST /streams" for entry in plan)
    return is_busy or "webhook.repeat" in kinds


async def test_explore_page_leads_from_a_failed_fault_to_its_finding(
    tmp_path: Path, chromium: Chromium
) -> None:
    # Given an app that two faults break,
    state = search(FakeApp(breaks), tmp_path / "results", runs_max=100)
    document = report.document(state, COMMAND, 1, 120, 60_000)
    report.write(document, tmp_path)
    tab = await chromium.open((tmp_path / "report.html").as_uri())
    page = tab.page

    # when the failed faults are filtered,
    row = page.locator("tr", has=page.locator("th", has_text="webhook stream.live"))
    await row.get_by_role("link", name="failed: finding 2").click()

    # then the finding is there, with its plan and the command that replays it,
    finding = page.locator(":target")
    assert await finding.locator("h2").inner_text() == (
        "2. the webhook stream.live came twice, not the first"
    )
    text = await finding.inner_text()
    assert f"live-emulator exec --faults finding-2.yaml -- {shlex.join(COMMAND)}" in text
    assert "webhook.repeat:" in text
    assert "it broke" in text
    # and the page is accessible.
    await assert_accessible(tab)
