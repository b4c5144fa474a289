// The streams that this page makes: the demo account's for the test picture, and one of an account
// of its own for an encoder, so that both can be live at once.

import { keyOf, platform } from "../lib/api.js";

/** A stream of this key that can still go live; a new one where there is none. */
export async function ownStream(title, key) {
  const me = await platform("GET", "auth/me", undefined, key);
  const query = `streams/?status_filter=all&per_page=100&user_id=${me.id}`;
  const { streams } = await platform("GET", query, undefined, key);
  const open = streams.find(({ status }) => status !== "ended");
  return open ?? platform("POST", "streams/", { title }, key);
}

/** For OBS: with strict keys there is only the demo account. */
export async function encoderStream() {
  try {
    return await ownStream("From OBS", keyOf("obs"));
  } catch (error) {
    if (error.status !== 401) throw error;
    return ownStream("From OBS", keyOf());
  }
}

export const keyOfOwner = (stream) => keyOf(stream.user.username === "demo" ? "" : stream.user.username);
