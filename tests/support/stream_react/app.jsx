// A page with the CDN's React component, as an app would use it. `?src=UID` and `?customer=CODE`.

import React, { useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { Stream } from "@cloudflare/stream-react";

const query = new URLSearchParams(location.search);
const EVENTS = ["LoadedMetaData", "DurationChange", "Play", "Playing", "TimeUpdate", "Pause", "Seeked", "VolumeChange", "Ended", "Resize"];
window.heard = {};
const count = (name) => () => { window.heard[name] = (window.heard[name] ?? 0) + 1; };
const listeners = Object.fromEntries(EVENTS.map((name) => [`on${name}`, count(name)]));

function App() {
  const player = useRef();
  const [volume, setVolume] = useState(1);
  window.player = player;
  window.setVolume = setVolume;
  return (
    <div id="frame" style={{ width: 640 }}>
      <Stream
        src={query.get("src")} customerCode={query.get("customer") ?? undefined} streamRef={player}
        muted autoplay={query.has("autoplay")} controls volume={volume} {...listeners}
      />
    </div>
  );
}

createRoot(document.getElementById("root")).render(<App />);
