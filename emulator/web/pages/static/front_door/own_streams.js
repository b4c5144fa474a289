// The streams that this page creates: one of the demo account for the test picture, and one of
// another account for an encoder, so that both can be live at once.

import { keyOf, platform } from "../lib/api.js";

/** An offline stream of this key's account; a new one if there is none. */
export async function ownStream(title, key) {
  const me = await platform("GET", "auth/me", undefined, key);
  const query = `streams/?status_filter=all&per_page=100&user_id=${me.id}`;
  const { streams } = await platform("GET", query, undefined, key);
  const open = streams.find(({ status }) => status !== "ended");
  return open ?? platform("POST", "streams/", { title }, key);
}

/** For OBS. With strict keys there is only the demo account. */
export async function encoderStream() {
  try {
    return await ownStream("From OBS", keyOf("obs"));
  } catch (error) {
    if (error.status !== 401) throw error;
    return ownStream("From OBS", keyOf());
  }
}

export const keyOfOwner = (stream) => keyOf(stream.user.username === "demo" ? "" : stream.user.username);
