"""SDP offers, as browsers write them."""

_HEAD = """v=0
o=- 7007155504867729372 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE {mids}
a=extmap-allow-mixed
a=msid-semantic: WMS
"""
_TRANSPORT = """c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:abcd
a=ice-pwd:1f8Kqbui9fD89tgLcrHjpuSo
a=ice-options:trickle
a=fingerprint:sha-256 {digest}
a=setup:actpass
a=mid:{mid}
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a={direction}
a=msid:- 77f66844-f939-4220-a597-ceff2666d235
a=rtcp-mux
a=rtcp-rsize
"""
_DIGEST = ":".join(["5B"] * 32)
_SOUND = """a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=ssrc:3675890574 cname:z8gRvHBPnbWxjBOr
"""
_FEEDBACK = "".join(
    f"a=rtcp-fb:{{code}} {feedback}\n"
    for feedback in ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")
)
_H264 = "level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={profile}"


def browser_offer(*, direction: str = "sendonly") -> str:
    """Chromium's offer: audio in Opus, video in VP8 or H.264."""
    lines = _HEAD.format(mids="0 1")
    lines += "m=audio 9 UDP/TLS/RTP/SAVPF 111 9 0\n"
    lines += _TRANSPORT.format(digest=_DIGEST, mid=0, direction=direction) + _SOUND
    lines += "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 104 116\n"
    lines += _TRANSPORT.format(digest=_DIGEST, mid=1, direction=direction)
    lines += "a=rtpmap:96 VP8/90000\n" + _FEEDBACK.format(code=96)
    lines += "a=rtpmap:97 rtx/90000\na=fmtp:97 apt=96\n"
    for code, mode, profile in ((102, 0, "42001f"), (104, 1, "42001f"), (116, 1, "4d001f")):
        lines += f"a=rtpmap:{code} H264/90000\n" + _FEEDBACK.format(code=code)
        lines += f"a=fmtp:{code} " + _H264.format(mode=mode, profile=profile) + "\n"
    lines += "a=ssrc-group:FID 4113054022 3201970623\na=ssrc:4113054022 cname:z8gRvHBPnbWxjBOr\n"
    return lines.replace("\n", "\r\n")
