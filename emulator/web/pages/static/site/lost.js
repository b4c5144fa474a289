// Shown on each view while the platform does not answer.

import { html, useEffect, useState } from "../lib/html.js";
import { onReach } from "../lib/reach.js";
import { ask } from "./client.js";

const RETRY_MS = 2000;

export function Lost() {
  const [isLost, setLost] = useState(false);
  useEffect(() => onReach((isReached) => setLost(!isReached)), []);
  useEffect(() => {
    if (!isLost) return undefined;
    const retry = () => ask("GET", "/streams/categories", { isRepeated: true }).catch(() => {});
    const timer = setInterval(retry, RETRY_MS);
    return () => clearInterval(timer);
  }, [isLost]);
  return html`
    <div role="status">
      ${isLost && html`<p class="notice">The platform does not answer. This page goes on by itself once it is back.</p>`}
    </div>
  `;
}
