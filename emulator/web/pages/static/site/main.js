// The site: a header, and the view that the address names.

import { html, render, useEffect, useRef } from "../lib/html.js";
import { Channel } from "./channel.js";
import { DemoControls } from "./demo.js";
import { Home } from "./home.js";
import { movesToWorld, usePlace } from "./hooks.js";
import { Lost } from "./lost.js";
import { useOnAir } from "./on_air.js";
import { Face } from "./cards.js";
import { askWho, SignIn } from "./sign_in.js";
import { signOut, useSession } from "./session.js";
import { Studio } from "./studio.js";

function Site() {
  const place = usePlace();
  const [name, kind, id] = place.split("/");
  const isChannel = name.startsWith("@");
  const main = useRef();
  const seen = useRef(place);
  useEffect(() => {
    if (seen.current === place) return; // The first view does not move the focus.
    seen.current = place;
    window.scrollTo(0, 0);
    main.current.focus();
  }, [place]);
  return html`
    <a class="skip button" href="#main" onClick=${(event) => { event.preventDefault(); main.current.focus(); }}>Skip to the content</a>
    <${Header} place=${name} />
    <main id="main" tabindex="-1" ref=${main} class=${isChannel ? "wide" : ""}>
      <${Lost} />
      ${isChannel && html`<${Channel} key=${name} username=${name.slice(1)} kind=${kind} id=${id} />`}
      ${name === "studio" && html`<${Studio} />`}
      ${!isChannel && name !== "studio" && html`<${Home} />`}
    </main>
    <${SignIn} />
    ${new URLSearchParams(location.search).has("demo") && html`<${DemoControls} username=${isChannel ? name.slice(1) : ""} />`}
  `;
}

function Header({ place }) {
  const session = useSession();
  const onAir = useOnAir();
  return html`
    <header class="site-head">
      <a class="brand" href="#/"><span class="dot" aria-hidden="true"></span>Live</a>
      <nav aria-label="Site">
        <a href="#/" aria-current=${place === "" ? "page" : undefined}>Home</a>
        <a href="#/studio" aria-current=${place === "studio" ? "page" : undefined}>Studio</a>
      </nav>
      <span class="space"></span>
      ${onAir && html`<a class="badge live" href="#/studio">You are live</a>`}
      ${session
        ? html`<a class="me" href=${`#/@${session.user.username}`} aria-label=${`Your channel, ${session.user.username}`}><${Face} user=${session.user} /><span>${session.user.username}</span></a>
            <button class="quiet" onClick=${signOut}>Sign out</button>`
        : html`<button onClick=${askWho}>Sign in</button>`}
    </header>
  `;
}

if (!movesToWorld()) render(html`<${Site} />`, document.getElementById("site"));
