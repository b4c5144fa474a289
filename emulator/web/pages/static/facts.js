// The figures below the picture: state, latency, viewers, time, picture, addresses. None in an
// iframe.

import { clock, seconds } from "./words.js";

const REFRESH_MS = 500;
const COPIED_MS = 1500;
const WAYS = { whep: "WebRTC", llhls: "Low latency HLS", hls: "HLS", native: "HLS" };
const BADGE = { offline: "Offline", live: "Live", ended: "Ended", ready: "Recording", processing: "In the making", failed: "Failed", gone: "Gone" };

/**
 * Returns a function that shows the platform's latest figures; those of the picture are shown as they
 * change.
 */
export function facts({ base, player, video, asked, kind }) {
  if (document.documentElement.dataset.frame !== "watch") return () => {};
  const part = (id) => document.getElementById(id);
  const put = (id, text) => { if (part(id).textContent !== text) part(id).textContent = text; };

  showAddresses(base, part);
  showMode(part("mode-hint"), asked, kind);
  setInterval(() => {
    put("latency", seconds(player.latencySeconds));
    put("way", player.isActive ? WAYS[player.mode] : "–");
    put("picture", picture(video, player.framesPerSecond));
    if (player.isActive && !player.isLive && Number.isFinite(video.duration)) put("duration", clock(video.duration));
  }, REFRESH_MS);

  return ({ status, title, duration, viewers }) => {
    part("badge").dataset.status = status;
    put("badge-text", BADGE[status] ?? status);
    if (title) {
      put("title", title);
      document.title = status === "live" ? `● ${title}` : title;
    }
    put("duration-label", status === "live" || status === "offline" ? "On air" : "Length");
    if (Number.isFinite(duration)) put("duration", clock(duration));
    put("viewers", status === "live" && Number.isFinite(viewers) ? String(viewers) : "–");
  };
}

function picture(video, framesPerSecond) {
  if (!video.videoWidth) return "–";
  const rate = framesPerSecond ? ` · ${Math.round(framesPerSecond)} fps` : "";
  return `${video.videoWidth}×${video.videoHeight}${rate}`;
}

function showAddresses(base, part) {
  const playlist = new URL("manifest/video.m3u8", base).href;
  part("address-hls").value = playlist;
  part("address-llhls").value = `${playlist}?protocol=llhls`;
  const embed = new URL("iframe", base).href;
  part("address-whep").value = new URL("webRTC/play", base).href;
  part("address-embed").value = `<iframe src="${embed}" width="640" height="360" allow="autoplay; fullscreen; picture-in-picture"></iframe>`;
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", async () => {
      const field = part(button.dataset.copies);
      field.select();
      // Pages from another machine without TLS have no clipboard; the old command also works there.
      const isCopied = navigator.clipboard
        ? await navigator.clipboard.writeText(field.value).then(() => true, () => false)
        : document.execCommand("copy");
      button.textContent = isCopied ? "Copied" : "Press Ctrl+C";
      setTimeout(() => { button.textContent = "Copy"; }, COPIED_MS);
    });
  }
}

// The protocols that were not requested; the page chooses one itself if none was.
function showMode(hint, asked, kind) {
  if (kind === "recording") { hint.hidden = true; return; }
  hint.append("Play it here by ");
  const others = Object.entries({ whep: "WebRTC", llhls: "low latency HLS", hls: "plain HLS" }).filter(([each]) => each !== asked);
  others.forEach(([each, name], index) => {
    const link = document.createElement("a");
    link.href = `?mode=${each}`;
    link.textContent = name;
    hint.append(index === 0 ? "" : index === others.length - 1 ? " or " : ", ", link);
  });
}
