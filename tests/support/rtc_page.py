"""WebRTC in a page of a real browser: a platform's web client in a few lines."""

from typing import Any

from tests.support.browser import Chromium, Tab

# `shake(peer, address)`: one offer, one answer. `seen(peer)`: the sum of frames, of bytes, ...
SCRIPT = """
window.gathered = (peer) => new Promise((done) => {
  const look = () => peer.iceGatheringState === "complete" && done();
  peer.addEventListener("icegatheringstatechange", look); look();
});
window.shake = async (peer, address) => {
  await peer.setLocalDescription();
  await gathered(peer);
  const answer = await fetch(address, {
    method: "POST", headers: { "Content-Type": "application/sdp" },
    body: peer.localDescription.sdp,
  });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  return new URL(answer.headers.get("Location"), address).href;
};
window.figures = async (peer) => {
  const found = { framesDecoded: 0, framesEncoded: 0, samplesHeard: 0, codecs: [] };
  for (const each of (await peer.getStats()).values()) {
    found.framesDecoded += each.framesDecoded ?? 0;
    found.framesEncoded += each.framesEncoded ?? 0;
    found.samplesHeard += each.type === "inbound-rtp" && each.kind === "audio"
      ? each.totalSamplesReceived ?? 0 : 0;
    if (each.type === "codec") found.codecs.push(each.mimeType);
  }
  return found;
};
window.camera = (width = 640, height = 360) => navigator.mediaDevices.getUserMedia(
  { video: { width, height, frameRate: 30 }, audio: true });
window.goLive = async (address, codec) => {
  const peer = new RTCPeerConnection(), media = await camera();
  for (const track of media.getTracks()) {
    const transceiver = peer.addTransceiver(track, { direction: "sendonly", streams: [media] });
    if (track.kind === "video") transceiver.setCodecPreferences(
      RTCRtpSender.getCapabilities("video").codecs.filter((each) => each.mimeType === codec));
  }
  window.sender = peer;
  return shake(peer, address);
};
window.watch = async (address) => {
  const peer = new RTCPeerConnection(), video = document.createElement("video");
  video.muted = video.autoplay = true;
  video.srcObject = new MediaStream();
  document.body.append(video);
  peer.addEventListener("track", (event) => video.srcObject.addTrack(event.track));
  peer.addTransceiver("audio", { direction: "recvonly" });
  peer.addTransceiver("video", { direction: "recvonly" });
  window.receiver = peer;
  return shake(peer, address);
};
null;
"""


async def open_page(chromium: Chromium, http: str) -> Tab:
    """Open a page of the emulator's origin without a content security policy, with the script."""
    tab = await chromium.open(f"{http}/_a-page-that-is-not-there")
    await tab.page.evaluate(SCRIPT)
    return tab


async def figures(tab: Tab, peer: str) -> dict[str, Any]:
    values: dict[str, Any] = await tab.page.evaluate(f"figures({peer})")
    return values


async def until_figures(tab: Tab, peer: str, claim: str) -> None:
    """Wait until a JavaScript expression over `found` (the peer's figures) holds."""
    await tab.page.wait_for_function(
        f"async () => {{ const found = await figures({peer}); return {claim}; }}", polling=100
    )
