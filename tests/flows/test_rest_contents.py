"""Generated texts: chapters, blog, snippets, transcript; and that each is marked as generated."""

import json
from typing import Any

import pytest

from emulator.server import Emulator
from emulator.settings import Settings
from emulator.world.library.writing import STAND_IN
from tests.support.recordings import CHAPTER, record
from tests.support.rest import Caller, check_error, create

pytestmark = [
    pytest.mark.parametrize("client", ["in process"], indirect=True),
    pytest.mark.parametrize("call", ["/v1"], indirect=True),
]

NOBODY = "00000000-0000-4000-8000-000000000000"
KEY = "ak_demo_devops_wizard"
CONTENT = {
    "id",
    "stream_id",
    "blog_draft",
    "code_snippets",
    "transcript",
    "chapters",
    "summary",
    "generated_at",
}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def settings() -> Settings:
    return Settings(
        data=":memory:", port=0, rtmp_port=0, rtmps_port=0, vod_processing_ms=0, segment_ms=1000
    )


async def seeded(call: Caller) -> dict[str, Any]:
    [vod] = (await call("GET", "/streams/users/devops_wizard/vods")).json()
    values: dict[str, Any] = vod
    return values


async def test_contents_generated_chapters_fill_gaps_between_written_ones(call: Caller) -> None:
    vod = await seeded(call)
    path = f"/streams/vods/{vod['id']}/chapters"

    # The seed's own were generated too: they are replaced.
    response = await call("POST", f"{path}/generate", KEY)
    assert response.status_code == 200, response.text
    result = response.json()
    assert [item.keys() for item in result] == [CHAPTER] * len(result)
    assert all(item["is_ai_generated"] and item["confidence_score"] for item in result)
    assert all("stand-in" in item["description"] for item in result)
    assert (result[0]["start_time_seconds"], result[-1]["end_time_seconds"]) == (0, vod["duration"])
    assert (await call("GET", path)).json() == result

    # The second run gives the same ones, except for the ids.
    again = (await call("POST", f"{path}/generate", KEY, json={})).json()
    assert [{**item, "id": ""} for item in again] == [{**item, "id": ""} for item in result]

    # Chapters that people made stay, and the rest is divided around them.
    for item in again:
        await call("DELETE", f"{path}/{item['id']}", KEY)
    body = {"title": "Mine", "start_time_seconds": 3600, "end_time_seconds": 7200}
    mine = (await call("POST", path, KEY, json=body)).json()
    query = {"minChapterDuration": 1200, "max_chapters": 3}
    response = await call(
        "POST", f"{path}/generate", KEY, params=query, json={"use_chat_data": False}
    )
    spans = [(item["start_time_seconds"], item["end_time_seconds"]) for item in response.json()]
    assert spans == [(0, 1200), (1200, 2400), (2400, 3600)]
    assert mine in (await call("GET", path)).json()

    for wrong in ({"max_chapters": 0}, {"min_chapter_duration": 0}, {"use_chat_data": "maybe"}):
        check_error(await call("POST", f"{path}/generate", KEY, json=wrong), 422)
    check_error(await call("POST", f"{path}/generate", "ak_demo"), 403)
    check_error(await call("POST", f"{path}/generate"), 401)
    check_error(await call("POST", f"/streams/vods/{NOBODY}/chapters/generate", KEY), 404)


async def test_contents_real_recording_is_analysed(call: Caller, emulator: Emulator) -> None:
    stream = await record(emulator, call, seconds=3)
    path = f"/streams/vods/{stream['vod_id']}/chapters/generate"

    response = await call("POST", path, "ak_demo", json={"min_chapter_duration": 1})

    spans = [(item["start_time_seconds"], item["end_time_seconds"]) for item in response.json()]
    assert spans[0][0] == 0
    assert len(spans) in (2, 3)


async def test_contents_blog_is_drafted_from_facts(call: Caller) -> None:
    vod = await seeded(call)
    path = f"/streams/id/{vod['stream_id']}"

    # Given nothing was generated, there is only the transcript, which says that it is generated.
    empty = (await call("GET", f"{path}/content", KEY)).json()
    assert empty.keys() == CONTENT
    written = ("blog_draft", "summary", "generated_at")
    assert [empty[name] for name in written] == [None] * 3
    assert empty["code_snippets"] == empty["chapters"] == []
    assert "stand-in" in empty["transcript"][0]["text"]
    said = [(item["speaker"], item["text"]) for item in empty["transcript"]]
    assert ("rustacean", "The probe is green too early.") in said
    times = [item["start_time"] for item in empty["transcript"]]
    assert times == sorted(times)
    assert (await call("GET", f"{path}/transcript", KEY)).json() == empty

    # When everything is requested,
    blog = (await call("POST", f"{path}/content/blog", KEY)).json()
    snippets = (await call("POST", f"{path}/content/snippets", KEY)).json()
    content = (await call("POST", f"{path}/content/chapters", KEY)).json()

    # then it contains facts, says that it is generated, and stays the same.
    assert content["id"] == empty["id"]
    assert content["blog_draft"] == blog["blog_draft"]
    assert content["blog_draft"].startswith(f"# {vod['title']}\n\n> {STAND_IN}\n")
    assert "for 4:00:00; at most 1456 watched at once" in content["summary"]
    assert STAND_IN in content["summary"]
    assert content["code_snippets"] == snippets["code_snippets"]
    [snippet] = content["code_snippets"]
    assert snippet["language"] == "yaml"
    assert STAND_IN in snippet["explanation"]
    assert [chapter["title"] for chapter in content["chapters"]] == [
        chapter["title"] for chapter in vod["chapters"]
    ]
    assert all(STAND_IN in chapter["summary"] for chapter in content["chapters"])
    assert (await call("GET", f"{path}/content", KEY)).json() == content

    for method, name in (("GET", ""), ("POST", "/blog"), ("GET", "/export")):
        check_error(await call(method, f"{path}/content{name}", "ak_demo"), 403)
        check_error(await call(method, f"{path}/content{name}"), 401)
        check_error(await call(method, f"/streams/id/{NOBODY}/content{name}", KEY), 404)


async def test_contents_shown_code_is_collected(call: Caller) -> None:
    description = "Run `pip install x` first. ```rust\nfn main() {}\n```"
    stream = await create(call, description=description, tags=["python"])
    path = f"/streams/id/{stream['id']}"
    await call("POST", f"{path}/start", "ak_demo")
    line = {"content": f"try `print('{SCRIPT}')`"}
    await call("POST", f"/streams/{stream['id']}/chat", "ak_demo_viewer", json=line)

    content = (await call("POST", f"{path}/content/snippets", "ak_demo")).json()

    titles = [
        (code_snippet["language"], code_snippet["code"])
        for code_snippet in content["code_snippets"]
    ]
    assert titles == [
        ("python", "pip install x"),
        ("rust", "fn main() {}"),
        ("python", f"print('{SCRIPT}')"),
    ]
    assert "viewer" in content["code_snippets"][2]["explanation"]


async def test_contents_export_has_everything_in_three_forms(call: Caller) -> None:
    stream = await create(call, title=SCRIPT, description=f"{SCRIPT} `x`")
    path = f"/streams/id/{stream['id']}/content"
    for part in ("blog", "snippets", "chapters"):
        content = (await call("POST", f"{path}/{part}", "ak_demo")).json()

    # A JSON string, unless a text file is requested.
    text = (await call("GET", f"{path}/export", "ak_demo")).json()
    assert text.startswith("# &lt;script>")
    # Code stays as it was, inside its fence.
    outside = "".join(text.split("```")[::2])
    assert "<script" not in outside
    page = await call("GET", f"{path}/export?format=html", "ak_demo")
    assert page.headers["content-type"] == "application/json"
    assert page.json().startswith("<!doctype html>")
    assert "<script" not in page.json()
    assert "&lt;script&gt;" in page.json()
    whole = (await call("GET", f"{path}/export?format=json", "ak_demo")).json()
    assert json.loads(whole) == content
    for form, accept, kind in (
        ("markdown", "text/markdown", "text/markdown; charset=utf-8"),
        ("html", "text/html,application/xhtml+xml", "text/html; charset=utf-8"),
        ("json", "application/octet-stream", "application/json"),
    ):
        asked = f"{path}/export?format={form}"
        file = await call("GET", asked, "ak_demo", headers={"Accept": accept})
        assert file.headers["content-type"] == kind
        assert file.headers["content-disposition"].startswith("attachment")
        assert file.text == (await call("GET", asked, "ak_demo")).json()
    check_error(await call("GET", f"{path}/export?format=pdf", "ak_demo"), 422)
