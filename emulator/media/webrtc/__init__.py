"""WebRTC: publishers by WHIP, viewers by WHEP, and the people of video sessions."""
