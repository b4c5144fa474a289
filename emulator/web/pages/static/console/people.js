// Users of the chosen world: calls that one of them makes through the console, as their app would.

import { chosenWorld, keyOf, platform } from "../lib/api.js";

/** Call the platform as `username`. The request log contains the call, like an app's. */
export async function asUser(username, method, path, body) {
  try {
    return await platform(method, path, body, keyOf(username), { isApp: method !== "GET" });
  } catch (error) {
    // Automatic keys may be off; seeded accounts have keys of their own.
    if (error.status !== 401) throw error;
    return platform(method, path, body, seededKey(username), { isApp: method !== "GET" });
  }
}

function seededKey(username) {
  const key = username === "demo" ? "ak_demo" : `ak_demo_${username}`;
  const world = chosenWorld();
  return world === "default" ? key : `${key}@${world}`;
}
