// The signed-in user. Each tab has its own, so that two tabs can talk to each other.

import { useEffect, useState } from "../lib/html.js";
import { ask, Refusal } from "./client.js";

const STORED = "site-session";
const listeners = new Set();
let session = read();

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED)) ?? null;
  } catch {
    return null;
  }
}

/** `{key, user}`, or null. */
export function useSession() {
  const [current, setCurrent] = useState(session);
  useEffect(() => {
    listeners.add(setCurrent);
    setCurrent(session);
    return () => listeners.delete(setCurrent);
  }, []);
  return current;
}

export const currentKey = () => session?.key;

export function signOut() { set(null); }

/** Sign in with a key, which the platform checks. Throws `Refusal` (401) for an invalid one. */
export async function signInWithKey(key) {
  set({ key, user: await ask("GET", "/auth/me", { key }) });
}

/**
 * Sign in by name: `ak_auto_NAME` creates the account by its first call. With `--strict-auth` such
 * keys are invalid; then the users of the seed still have `ak_demo_NAME`. Throws `Refusal` (401) if
 * neither key is valid.
 */
export async function signInAs(username) {
  const keys = [`ak_auto_${username}`, username === "demo" ? "ak_demo" : `ak_demo_${username}`];
  for (const key of keys) {
    try {
      await signInWithKey(key);
      return;
    } catch (refusal) {
      if (refusal.status !== 401) throw refusal;
    }
  }
  throw new Refusal(401, `There is no account with a key by the name ${username}: sign in with its API key.`);
}

function set(value) {
  session = value;
  if (value) sessionStorage.setItem(STORED, JSON.stringify(value));
  else sessionStorage.removeItem(STORED);
  for (const listener of listeners) listener(value);
}
