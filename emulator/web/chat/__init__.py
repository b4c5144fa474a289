"""The chat socket: a stream's chat as it happens, in two dialects (contract, websocket.md)."""
