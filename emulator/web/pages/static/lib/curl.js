// Commands to try in a terminal.

import { chosenWorld } from "./api.js";

/**
 * A curl command for the chosen world; `info` is the answer of `GET /_emulator/info`. Without a `key`
 * the world is a header.
 */
export function curl(info, path, { key, body } = {}) {
  const world = chosenWorld();
  const { protocol, port } = new URL(info.http);
  // The built-in CA has signed the server's own certificate, but not that of a proxy before it.
  const isOwn = protocol === "https:" && port !== "";
  return [
    "curl",
    body && "-X POST",
    `${info.http}${path}`,
    isOwn && `--cacert ${info.ca}`,
    key && `-H "Authorization: Bearer ${key}"`,
    !key && world !== "default" && `-H "X-Emulator-World: ${world}"`,
    body && `-H "Content-Type: application/json" -d '${JSON.stringify(body)}'`,
  ].filter(Boolean).join(" ");
}
