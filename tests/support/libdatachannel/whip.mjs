// Goes live by WHIP as OBS 30 and newer do: the same library (libdatachannel), the same offer, the
// same chain of packetiser, sender reports and answers to NACK, and no key frame on request.
//
// node whip.mjs ADDRESS TOKEN FILM [LOST]: FILM contains records of {kind "v" or "a", pts in us (8),
// size (4), bytes}, H.264 as an Annex B byte stream and Opus frames. It is sent in a loop until
// the input closes; then the connection is closed first and DELETE sent second, as OBS does it.

import { readFileSync } from "node:fs";
import ndc from "node-datachannel";

const AUDIO = { mid: "0", code: 111, clock: 48_000 };
const VIDEO = { mid: "1", code: 96, clock: 90_000 };
const FRAGMENT_BYTES_MAX = 1200;
const [, , address, token, path] = process.argv;
const headers = token ? { Authorization: `Bearer ${token}` } : {};

const peer = new ndc.PeerConnection("OBS", { iceServers: [] });
const gathered = new Promise((done) => {
  peer.onGatheringStateChange((state) => state === "complete" && done());
});
const connected = new Promise((done, fail) => {
  peer.onStateChange((state) => {
    console.log(state);
    if (state === "connected") done();
    if (state === "failed") fail(new Error("failed"));
  });
});
const ssrc = 1 + Math.floor(Math.random() * 4e9);
const sound = track(new ndc.Audio(AUDIO.mid, "SendOnly"), AUDIO, ssrc, "audio");
const picture = track(new ndc.Video(VIDEO.mid, "SendOnly"), VIDEO, ssrc + 1, "video");

peer.setLocalDescription();
await gathered;
const posted = await fetch(address, {
  method: "POST",
  headers: { "Content-Type": "application/sdp", ...headers },
  body: peer.localDescription().sdp,
});
const answer = await posted.text();
if (posted.status !== 201) {
  console.log(`${posted.status} ${answer}`);
  peer.close();
  process.exit(1);
}
const resource = new URL(posted.headers.get("Location"), address).href;
peer.setRemoteDescription(answer, "answer");
await connected;
const isOver = new Promise((done) => process.stdin.on("close", done).resume());
const timer = setInterval(send, 5);
await isOver;
clearInterval(timer);
peer.close();
const said = await fetch(resource, { method: "DELETE", headers });
console.log(`DELETE ${said.status}`);
process.exit(0);

function track(description, { code, clock }, source, name) {
  if (name === "audio") description.addOpusCodec(code);
  else description.addH264Codec(code);
  description.addSSRC(source, "cname", "stream", `stream-${name}`);
  const made = peer.addTrack(description);
  const config = new ndc.RtpPacketizationConfig(source, "cname", code, clock);
  const packetizer = name === "audio"
    ? new ndc.RtpPacketizer(config)
    : new ndc.H264RtpPacketizer("StartSequence", config, FRAGMENT_BYTES_MAX);
  packetizer.addToChain(new ndc.RtcpSrReporter(config));
  packetizer.addToChain(new ndc.RtcpNackResponder());
  made.setMediaHandler(packetizer);
  return { track: made, config, clock };
}

function* records() {
  const film = readFileSync(path);
  for (let at = 0; at < film.length; ) {
    const size = film.readUInt32BE(at + 9);
    const us = Number(film.readBigUInt64BE(at + 1));
    yield { kind: film.toString("latin1", at, at + 1), us, data: film.subarray(at + 13, at + 13 + size) };
    at += 13 + size;
  }
}

function send() {
  send.all ??= [...records()];
  send.began ??= performance.now();
  send.next ??= 0;
  const length = send.all.at(-1).us + 1e6 / 30;
  for (;;) {
    const { kind, us, data } = send.all[send.next % send.all.length];
    const due = us + Math.floor(send.next / send.all.length) * length;
    if (due > (performance.now() - send.began) * 1000) return;
    const { track, config, clock } = kind === "v" ? picture : sound;
    config.timestamp = Math.round((due * clock) / 1e6) % 2 ** 32;
    if (track.isOpen()) track.sendMessageBinary(data);
    send.next += 1;
  }
}
