"""WebRTC: publishers over WHIP, viewers over WHEP, and participants of video sessions."""
