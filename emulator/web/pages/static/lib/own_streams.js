// The streams that pages create: one of the demo account for the test picture, and one of
// another account for an encoder, so that both can be live at once.

import { keyOf, platform } from "./api.js";
import { openStream } from "./open_stream.js";

/** The live or offline stream of this key's account; a new one if there is none. */
export async function ownStream(title, key) {
  const get = (path) => platform("GET", path, undefined, key);
  const { id } = await get("auth/me");
  return (await openStream(get, id, ["live", "offline"])) ?? platform("POST", "streams/", { title }, key);
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
