"""Check that a page can be used without a mouse: Tab must reach every control."""

from tests.support.browser import Tab

# The number of presses of Tab before the page is checked for newly reached controls.
_PRESSES = 40
_BEGIN = """() => {
    const seen = window.walked = { reached: new Set(), unmarked: [] };
    document.activeElement?.blur();
    window.getSelection().setBaseAndExtent(document.body, 0, document.body, 0);
    document.addEventListener("focusin", ({ target }) => {
        if (seen.reached.has(target)) return;
        seen.reached.add(target);
        // The mark may be around what it stands in.
        let place = target;
        const isMarked = () => getComputedStyle(place).outlineStyle !== "none";
        while (place && !isMarked()) place = place.parentElement;
        const isOurs = !target.matches("video, audio, iframe");
        if (!place && isOurs) seen.unmarked.push(target.outerHTML.slice(0, 120));
    }, true);
}"""
_REST = """() => {
    const stops = "a[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, "
        + "textarea:enabled, summary, [tabindex='0'], [contenteditable=true]";
    const place = document.querySelector("dialog:modal") ?? document;
    const isStop = (element) => element.checkVisibility() && element.tabIndex >= 0
        && !element.closest("[inert]") && !(element.type === "radio" && !element.checked);
    const { reached, unmarked } = window.walked;
    const missed = [...place.querySelectorAll(stops)]
        .filter((element) => isStop(element) && !reached.has(element))
        .map((element) => element.outerHTML.slice(0, 120));
    return { missed, unmarked };
}"""


async def assert_reached_by_keyboard(tab: Tab) -> None:
    """Assert that Tab, from the page's top, reaches each visible control and shows its focus."""
    page = tab.page
    await page.evaluate(_BEGIN)
    known = -1
    while (reached := await page.evaluate("window.walked.reached.size")) > known:
        known = reached
        for _ in range(_PRESSES):
            await page.keyboard.press("Tab")
    rest = await page.evaluate(_REST)
    assert not rest["missed"], f"{page.url}: Tab does not reach\n" + "\n".join(rest["missed"])
    assert not rest["unmarked"], f"{page.url}: no visible focus on\n" + "\n".join(rest["unmarked"])
