// A chat room on Node's `ws`: the usual loop over the clients. `chat`'s other yardstick.
const { WebSocketServer } = require("ws");
const [port, size] = process.argv.slice(2).map(Number);
const padding = "x".repeat(size);
const server = new WebSocketServer({ host: "127.0.0.1", port, perMessageDeflate: false, backlog: 4096 });
server.on("connection", (socket) => {
  socket.on("message", (text) => {
    const line = JSON.parse(text);
    const message = JSON.stringify({ type: "message", data: { ...line, padding } });
    for (const reader of server.clients) reader.send(message);
  });
});
