// The two APIs of this server: `admin` steers the emulator, `platform` is the one that apps call.
// Calls of the page itself are marked, so that the request log only shows calls of apps.

import { report } from "./reach.js";

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

/** A refused call. `status` is 0 if the emulator did not answer. */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const chosenWorld = () => world;

/** Send all further calls to this world. The router calls it with the world in the address. */
export function chooseWorld(name) {
  if (name === world) return;
  world = name;
  for (const listener of worldListeners) listener(name);
}

/** Each of these returns a function that ends the subscription. */
export const onWorldChosen = (listener) => subscribe(worldListeners, listener);
/** Called after each call of this page that may have changed something. */
export const onChange = (listener) => subscribe(changeListeners, listener);
/** Called when the emulator refuses a call without the admin token. */
export const onTokenNeeded = (listener) => subscribe(tokenListeners, listener);

export function setToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

export const hasToken = () => Boolean(sessionStorage.getItem(TOKEN));

/** The API key of a user by name, or of the demo account, in the chosen world. */
export function keyOf(username = "") {
  const key = username ? `ak_auto_${username}` : "ak_demo";
  return world === "default" ? key : `${key}@${world}`;
}

/** Headers for a request to `/_emulator/` made without `admin`, such as an event stream's. */
export function adminHeaders() {
  const token = sessionStorage.getItem(TOKEN);
  return {
    ...MARK,
    "X-Emulator-World": world,
    ...(token && { Authorization: `Bearer ${token}` }),
  };
}

/**
 * Call the emulator: `admin("PUT", "clock", { mode: "real" })`. Throws `ApiError`. `isReading`: the
 * call changes nothing, although it is not a GET.
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
 * Call the platform as a user: `platform("GET", "streams/")`, below `/api/v1/`. Without `key` it is
 * the demo account's; null sends none. `isApp`: a user acts through this page as in an app, so the
 * call is logged.
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
    report(false);
    throw new ApiError(0, "unreachable", "The emulator does not answer.");
  });
  report(true);
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

/** A message for users; each error of a form begins with the field's name. */
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
