"""The chat socket: a stream's live chat, in two dialects (contract, websocket.md)."""
