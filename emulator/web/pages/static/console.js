// The console: asks the two APIs of this server and shows what they say. Nothing is kept here but
// the admin token, for as long as the tab is open.

const EVERY_MS = 1000;
const LINES_MAX = 100;
const TIME_OUT_SECONDS = 600;
const at = (id) => document.querySelector(`#${id}`);
const told = at("told");
let api_key = "";
let seen = { events: 0, requests: 0 };
let shown = "";

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

async function ask(method, path, body, key) {
  const headers = {
    "X-Emulator-World": at("world").value || "default",
    // What the console reads is no app's doing: the request log leaves it out.
    ...(method === "GET" && { "X-Emulator-Console": "1" }),
  };
  const credential = key ?? sessionStorage.getItem("admin-token");
  if (credential) headers.Authorization = `Bearer ${credential}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const value = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw Object.assign(new Error(value.message), { status: answer.status });
  return value;
}

const admin = (method, path, body) => ask(method, `/_emulator/${path}`, body);

function list(target, pairs) {
  const rows = pairs.flatMap(([name, value]) => [
    element("dt", { textContent: name }),
    element("dd", {}, value instanceof Node ? value : String(value)),
  ]);
  target.replaceChildren(...rows);
}

const watchPage = (stream) =>
  element("a", { href: `/${stream.cloudflare_stream_id}/watch`, textContent: "watch" });

async function showStreams() {
  const query = "/api/v1/streams/?per_page=50&status_filter=all";
  const { streams } = await ask("GET", query, undefined, api_key);
  const rank = { live: 0, offline: 1, ended: 2 };
  streams.sort((one, other) => rank[one.status] - rank[other.status]);
  const rows = streams.map((stream) =>
    element("tr", {},
      element("td", { textContent: stream.title }),
      element("td", { textContent: stream.user.username }),
      element("td", { textContent: stream.status, className: stream.status }),
      element("td", { textContent: stream.viewer_count }),
      element("td", {}, watchPage(stream)),
    ),
  );
  at("streams").replaceChildren(...rows);
  showRooms(streams);
  await showChat();
}

// What this page itself asks every second tells a reader nothing.
const isOwn = (each) =>
  each.path?.startsWith("/_emulator/") || (each.query?.per_page === "50" && each.method === "GET");

function follow(name, line) {
  return async () => {
    const fresh = await admin("GET", `${name}?limit=1000&after=${seen[name]}`);
    seen[name] = fresh.next_cursor;
    const lines = fresh[name].filter((each) => !isOwn(each)).slice(-LINES_MAX).reverse().map((each) =>
      element("li", {}, element("time", { textContent: each.at.slice(11, 19) }), line(each)),
    );
    at(name).prepend(...lines);
    while (at(name).children.length > LINES_MAX) at(name).lastChild.remove();
  };
}

const showEvents = follow("events", (each) => `${each.kind} ${JSON.stringify(each.values)}`);
const showRequests = follow("requests", (each) =>
  `${each.method} ${each.path} ${each.status}${each.user ? ` by ${each.user}` : ""}`,
);

// Order is kept in the owner's name, with a key that every account has.
async function asOwner(method, path, body) {
  const { owner } = at("room").selectedOptions[0].dataset;
  const inWorld = api_key.includes("@") ? api_key.slice(api_key.indexOf("@")) : "";
  const address = `/api/v1/streams/${at("room").value}/chat${path}`;
  try {
    return await ask(method, address, body, `ak_auto_${owner}${inWorld}`);
  } catch (error) {
    // Automatic keys may be off; seeded accounts have one of their own.
    if (error.status !== 401) throw error;
    return ask(method, address, body, `ak_demo_${owner}${inWorld}`);
  }
}

const act = (name, method, path, body) => {
  const button = element("button", { type: "button", textContent: name });
  button.addEventListener("click", doing(() => asOwner(method, path, body)));
  return button;
};

function chatLine(line) {
  const { id, username } = line.user;
  const said = `${username}: ${line.content}`;
  const acts = [act("Delete", "DELETE", `/${line.id}`)];
  if (username !== at("room").selectedOptions[0].dataset.owner) {
    const wish = { user_id: id };
    acts.push(
      act("Time out", "POST", "/bans", { ...wish, duration_seconds: TIME_OUT_SECONDS }),
      act("Ban", "POST", "/bans", wish),
    );
  }
  return element("li", {},
    element("time", { textContent: line.created_at.slice(11, 19) }),
    element("span", { textContent: said, className: line.is_deleted ? "gone" : "" }),
    ...(line.is_deleted ? [] : acts),
  );
}

const bannedLine = ({ user, expires_at }) =>
  element("li", {},
    `${user.username} is ${expires_at ? `timed out until ${expires_at.slice(11, 19)}` : "banned"}`,
    act("Let back", "DELETE", `/bans/${user.id}`),
  );

function showRooms(streams) {
  const room = at("room").value;
  const options = streams.map((stream) => {
    const properties = { value: stream.id, textContent: stream.title, selected: stream.id === room };
    const option = element("option", properties);
    option.dataset.owner = stream.user.username;
    return option;
  });
  if (document.activeElement !== at("room")) at("room").replaceChildren(...options);
}

async function showChat() {
  if (!at("room").value) {
    at("lines").replaceChildren();
    return;
  }
  const [{ messages }, { bans }, settings] = await Promise.all([
    ...["", "/bans", "/settings"].map((path) => asOwner("GET", `${path}?per_page=50`)),
  ]);
  const fresh = JSON.stringify([at("room").value, messages, bans, settings]);
  // What is as it was stays, so that a button does not go while it is pressed.
  if (fresh === shown) return;
  shown = fresh;
  at("lines").replaceChildren(...messages.reverse().map(chatLine));
  at("banned").replaceChildren(...bans.map(bannedLine));
  at("slow").value = String(settings.slow_mode_seconds);
}

async function showClock() {
  const clock = await admin("GET", "clock");
  const pace = clock.speed === 0 ? "stands" : clock.speed === 1 ? "real" : `${clock.speed} ×`;
  at("now").textContent = `${clock.now.replace("T", " ").slice(0, 19)} · ${pace}`;
}

async function look() {
  if (document.hidden) return;
  try {
    await Promise.all([showStreams(), showEvents(), showRequests(), showClock()]);
    told.textContent = "";
  } catch (error) {
    told.textContent = error.status ? error.message : "The emulator does not answer.";
  }
}

async function chooseWorld() {
  const { worlds } = await admin("GET", "worlds");
  const chosen = at("world").value || "default";
  const options = worlds.map((each) =>
    element("option", { value: each.name, textContent: each.name, selected: each.name === chosen }),
  );
  at("world").replaceChildren(...options);
  api_key = worlds.find((each) => each.name === at("world").value).api_key;
  seen = { events: 0, requests: 0 };
  at("events").replaceChildren();
  at("requests").replaceChildren();
  at("made").hidden = true;
  await look();
}

async function open() {
  try {
    const info = await admin("GET", "info");
    list(at("where"), ["http", "ws", "rtmp", "rtmps", "ca", "api_key", "data", "version"].map(
      (name) => [name, info[name]],
    ));
    at("ask").hidden = true;
    document.querySelector("main").hidden = false;
    await chooseWorld();
    setInterval(look, EVERY_MS);
  } catch (error) {
    told.textContent = error.message;
    at("ask").hidden = error.status !== 401;
  }
}

function doing(act) {
  return async (event) => {
    event.preventDefault();
    try {
      await act(event);
      await look();
    } catch (error) {
      told.textContent = error.message;
    }
  };
}

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("admin-token", at("token").value);
  open();
});
at("world").addEventListener("change", doing(chooseWorld));
at("reset").addEventListener("click", doing(async () => {
  await admin("POST", "reset");
  await chooseWorld();
}));
at("create").addEventListener("submit", doing(async () => {
  const wish = { title: at("title").value };
  const stream = await ask("POST", "/api/v1/streams/", wish, api_key);
  list(at("made"), [
    ["Server", stream.rtmp_url], ["Key", stream.stream_key], ["Page", watchPage(stream)],
  ]);
  at("made").hidden = false;
}));
at("room").addEventListener("change", doing(showChat));
at("say").addEventListener("submit", doing(async () => {
  await asOwner("POST", "", { content: at("line").value });
  at("line").value = "";
}));
at("clear").addEventListener("click", doing(() => asOwner("DELETE", "")));
at("slow").addEventListener("change", doing(() =>
  asOwner("PUT", "/settings", { slow_mode_seconds: Number(at("slow").value) }),
));
for (const button of document.querySelectorAll("button[data-mode]")) {
  const { mode, speed } = button.dataset;
  const wish = speed ? { mode, speed: Number(speed) } : { mode };
  button.addEventListener("click", doing(() => admin("PUT", "clock", wish)));
}
for (const button of document.querySelectorAll("button[data-advance]")) {
  const wish = { seconds: Number(button.dataset.advance) };
  button.addEventListener("click", doing(() => admin("POST", "clock/advance", wish)));
}
open();
