// The two APIs of this server: `admin` steers the emulator, `platform` is what apps call.
// What a page asks for itself is marked, so that the request log shows the app's calls alone.

const MARK = { "X-Emulator-Console": "1" };
const TOKEN = "admin-token";
const CODES = {
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  422: "invalid",
  429: "rate_limited",
  503: "unavailable",
};

let world = "default";
const worldListeners = new Set();
const changeListeners = new Set();
const tokenListeners = new Set();

/** What a call was refused with. `status` is 0 where the emulator did not answer at all. */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const chosenWorld = () => world;

/** From now on everything is asked of this world. The router calls it: the address says which. */
export function chooseWorld(name) {
  if (name === world) return;
  world = name;
  for (const listener of worldListeners) listener(name);
}

/** Each of these returns a function that ends the subscription. */
export const onWorldChosen = (listener) => subscribe(worldListeners, listener);
/** After each call of this page that may have changed something. */
export const onChange = (listener) => subscribe(changeListeners, listener);
/** Once the emulator refuses for want of the admin token. */
export const onTokenNeeded = (listener) => subscribe(tokenListeners, listener);

export function setToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

export const hasToken = () => Boolean(sessionStorage.getItem(TOKEN));

/** The key of a user by name, or of the demo account, in the chosen world. */
export function keyOf(username = "") {
  const key = username ? `ak_auto_${username}` : "ak_demo";
  return world === "default" ? key : `${key}@${world}`;
}

/** Headers for a request to `/_emulator/` that is made without `admin`, such as a stream's. */
export function adminHeaders() {
  const token = sessionStorage.getItem(TOKEN);
  return {
    ...MARK,
    "X-Emulator-World": world,
    ...(token && { Authorization: `Bearer ${token}` }),
  };
}

/**
 * Ask the emulator: `admin("PUT", "clock", { mode: "real" })`. Throws `ApiError`. `isReading`: it
 * changes nothing, though it is no GET.
 */
export async function admin(method, path, body, { isReading = method === "GET" } = {}) {
  try {
    return await ask(method, `/_emulator/${path}`, body, adminHeaders(), isReading);
  } catch (error) {
    if (error.status === 401) for (const listener of tokenListeners) listener();
    throw error;
  }
}

/**
 * Ask the platform, as a user: `platform("GET", "streams/")`, below `/api/v1/`.
 * `key` is the demo account's unless given; null asks without. `isApp`: somebody acts through this
 * page as they would in an app, so the request log keeps it.
 */
export function platform(method, path, body, key = keyOf(), { isApp = false } = {}) {
  const headers = {
    ...(!isApp && MARK),
    "X-Emulator-World": world,
    ...(key && { Authorization: `Bearer ${key}` }),
  };
  return ask(method, `/api/v1/${path}`, body, headers);
}

async function ask(method, path, body, headers, isReading = method === "GET") {
  const isFile = body instanceof Blob;
  if (body !== undefined && !(body instanceof FormData)) {
    headers["Content-Type"] = isFile ? body.type : "application/json";
  }
  const isRaw = isFile || body instanceof FormData || body === undefined;
  const payload = isRaw ? body : JSON.stringify(body);
  const response = await fetch(path, { method, headers, body: payload }).catch(() => {
    throw new ApiError(0, "unreachable", "The emulator does not answer.");
  });
  const value = await parsed(response);
  if (!response.ok) throw refusal(response.status, value);
  if (!isReading) for (const listener of changeListeners) listener(path);
  return value;
}

async function parsed(response) {
  if (response.status === 204) return null;
  const isJson = response.headers.get("Content-Type")?.includes("json");
  return isJson ? response.json() : response.text();
}

/** A sentence for people: of a form's mistakes, each with the field's name in front. */
function refusal(status, value) {
  const mistakes = Array.isArray(value?.detail) ? value.detail : [];
  const sentences = mistakes.map(({ loc = [], msg }) => {
    const field = loc.slice(1).join(".");
    return field ? `${field}: ${msg}` : msg;
  });
  const message = sentences.join("; ") || value?.message || `The answer was ${status}.`;
  return new ApiError(status, CODES[status] ?? `http_${status}`, message);
}

function subscribe(listeners, listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
