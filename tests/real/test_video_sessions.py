"""Video sessions with real media: three pages of a real browser, and aiortc, see each other."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.testing import ApiResponse
from tests.support.browser import Chromium, Tab
from tests.support.encoders import film
from tests.support.live_server import Walk, platform
from tests.support.rtc_page import open_page, until_figures
from tests.support.sdp_offers import browser_offer
from tests.support.webrtc import VideoFrame, ask, meeting, until

SESSIONS = "/video-sessions/sessions"
# One account per participant.
PEOPLE = ("ak_demo", "ak_auto_ann", "ak_auto_ben", "ak_auto_cat")

MEET = """
async ([address, token, others, shares]) => {
  const peer = new RTCPeerConnection(), media = await camera(320, 180);
  for (const track of media.getTracks()) peer.addTransceiver(track, { direction: "sendonly" });
  if (shares) {
    const screen = document.createElement("canvas"), pen = screen.getContext("2d");
    setInterval(() => pen.fillRect(Math.random() * 300, 0, 9, 150), 50);
    peer.addTransceiver(screen.captureStream(20).getTracks()[0], { direction: "sendonly" });
  }
  for (let each = 0; each < others; each += 1)
    for (const kind of ["audio", "video", "video"])
      peer.addTransceiver(kind, { direction: "recvonly" });
  window.peer = peer;
  window.offer = async () => {
    await peer.setLocalDescription();
    await gathered(peer);
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify({ sdp: peer.localDescription.sdp, type: "offer" }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    const { sdp, type, participant_id } = await answer.json();
    await peer.setRemoteDescription({ sdp, type });
    return participant_id;
  };
  return offer();
}
"""
# The number of received pictures that move.
MOVING = """
[...(await peer.getStats()).values()].filter(
  (each) => each.type === "inbound-rtp" && each.kind === "video" && each.framesDecoded > 10
).length
"""

# A DELETE closes the transport at once; the connection itself only fails seconds later.
IS_CLOSED = "() => peer.getReceivers()[0].transport.state === 'closed'"


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform(webrtc_idle_ms=2_000) as walk:
        yield walk


def make(walk: Walk, size: int = 3) -> str:
    body = {"session_name": "Pair programming", "max_participants": size}
    text: str = walk.ask("POST", SESSIONS, body).json["id"]
    return f"{SESSIONS}/{text}"


def token(walk: Walk, path: str, key: str) -> str:
    text: str = walk.ask("POST", f"{path}/token", key=key).json["token"]
    return text


def people(walk: Walk, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = walk.ask("GET", f"{path}/participants").json["participants"]
    return rows


async def until_moving(tab: Tab, count: int) -> None:
    await tab.page.wait_for_function(f"async () => ({MOVING}) === {count}", polling=100)


async def test_video_session_three_participants_see_and_hear_each_other(
    walk: Walk, chromium: Chromium
) -> None:
    # Given three pages that join one after the other by their tokens, one with a screen,
    path = make(walk)
    tabs = []
    for index, key in enumerate(PEOPLE[:3]):
        tab = await open_page(chromium, walk.ready["http"])
        address = f"{walk.ready['http']}/api/v1{path}/offer"
        who = await tab.page.evaluate(MEET, [address, token(walk, path, key), 2, index == 2])
        assert who == people(walk, path)[index]["id"]
        tabs.append(tab)
    # then each receives the others' media, without another offer,
    for tab, pictures in zip(tabs, (3, 3, 2), strict=True):
        await until_moving(tab, pictures)
        await until_figures(tab, "peer", "found.samplesHeard > 48000")
    shown = [
        (person["audio"], person["video"], person["screen_share"]) for person in people(walk, path)
    ]
    assert shown == [(True, True, False), (True, True, False), (True, True, True)]
    # a new offer names the participants,
    await tabs[0].page.evaluate("offer()")
    answer = await tabs[0].page.evaluate("peer.remoteDescription.sdp")
    assert answer.count(f"a=msid:{people(walk, path)[2]['id']} screen") == 1
    # and when the host removes one, only that one is disconnected.
    removed = people(walk, path)[2]["id"]
    assert walk.ask("DELETE", f"{path}/participants/{removed}").status == 204
    await tabs[2].page.wait_for_function(IS_CLOSED)
    await until_figures(tabs[0], "peer", "found.framesDecoded > 0")
    assert not await tabs[0].page.evaluate(f"({IS_CLOSED})()")
    assert walk.ask("DELETE", path).status == 204
    await tabs[1].page.wait_for_function(IS_CLOSED)


async def test_video_session_lost_participant_makes_room_for_the_next(walk: Walk) -> None:
    # Given two peers that see each other, each with room for one other,
    path = make(walk, size=4)
    address = f"{walk.ready['http']}/api/v1{path}/offer"
    source = film(seconds=4)
    async with meeting(address, token(walk, path, PEOPLE[0]), source) as first:
        async with meeting(address, token(walk, path, PEOPLE[1]), source):
            await until(lambda: len(first.frames(VideoFrame)) > 10, "the second one is seen")
        # when one has gone, its media has stopped, but its seat is kept,
        await ask(lambda: not people(walk, path)[1]["video"], "its media has gone")
        assert len(people(walk, path)) == 2
        # then the next one is seen in its place.
        async with meeting(address, token(walk, path, PEOPLE[2]), source):
            seen = len(first.frames(VideoFrame))
            await until(lambda: len(first.frames(VideoFrame)) > seen + 10, "the third is seen")


def offer(walk: Walk, path: str, key: str, sdp: str) -> ApiResponse:
    return walk.ask("POST", f"{path}/offer", {"sdp": sdp, "type": "offer"}, key)


def test_video_session_caller_without_a_seat_is_refused(walk: Walk) -> None:
    path, other = make(walk), make(walk)
    good = browser_offer(direction="sendrecv")
    seat = token(walk, path, PEOPLE[0])

    assert offer(walk, path, PEOPLE[1], good).status == 403
    assert offer(walk, path, "ak_nobody_has_this", good).status == 401
    assert offer(walk, other, seat, good).status == 403
    assert offer(walk, path, seat[:-2] + "xx", good).status == 401
    assert offer(walk, path, seat, "v=0").status == 400
    # A session's token opens nothing else.
    assert walk.ask("GET", path, key=seat).status == 401
