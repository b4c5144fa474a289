// Users of the chosen world: calls that one of them makes through the console, as their app would.

import { admin, chosenWorld, keyOf, platform } from "../lib/api.js";

const FOUND_MAX = 100;
/** The keys of users, by world and name. */
const keys = new Map();

/**
 * Call the platform as `username`, with a key that they have: a look at a chat must not issue another.
 * Somebody without a key gets one by this call. The request log contains it, like an app's.
 */
export async function asUser(username, method, path, body) {
  const isApp = method !== "GET";
  const name = `${chosenWorld()} ${username}`;
  if (!keys.has(name)) keys.set(name, findKey(username));
  try {
    return await platform(method, path, body, await keys.get(name), { isApp });
  } catch (error) {
    keys.delete(name); // After a reset there are other keys.
    if (error.status !== 401) throw error;
    return platform(method, path, body, await findKey(username), { isApp });
  }
}

async function findKey(username) {
  const query = new URLSearchParams({ find: username, per_page: FOUND_MAX });
  const { accounts } = await admin("GET", `accounts?${query}`);
  const keys = accounts.find((account) => account.username === username)?.api_keys ?? [];
  return keys[0] ?? keyOf(username);
}
