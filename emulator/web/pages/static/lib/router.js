// The router: the address determines all that a page shows, so that a link can be sent.
// `#/w/WORLD/VIEW/ID?name=value`; without `/w/WORLD` it is the world of the host's name.

import { chooseWorld } from "./api.js";
import { useEffect, useState } from "./html.js";

// `NAME.localhost` chooses a world too; the server writes that world into the page.
const HOME = document.documentElement.dataset.world || "default";

export function parse(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const parts = path.split("/").filter(Boolean).map(decoded);
  const world = parts[0] === "w" && parts[1] ? parts.splice(0, 2)[1] : HOME;
  const [view = "", ...rest] = parts;
  return { world, view, id: rest.join("/"), query: Object.fromEntries(new URLSearchParams(search)) };
}

/** The current place. */
export const route = () => parse(location.hash);

/** The address of a view in the chosen world (or in `world`). */
export function href(view, id = "", query = {}, world = route().world) {
  const path = [view, ...(id ? id.split("/") : [])].map(encodeURIComponent).join("/");
  const values = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(values).toString();
  return `#/w/${encodeURIComponent(world)}/${path}${search && `?${search}`}`;
}

/** Show a view; the browser's Back returns here. */
export function go(view, id, query, world) {
  location.hash = href(view, id, query, world);
}

/** Change values of the address in place: `setQuery({ find: "4xx" })`; "" removes one. */
export function setQuery(changes) {
  const { view, id, query, world } = route();
  history.replaceState(null, "", href(view, id, { ...query, ...changes }, world));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

/** `{world, view, id, query}`, updated when the address changes. */
export function useRoute() {
  const [current, setCurrent] = useState(route);
  useEffect(() => {
    const look = () => setCurrent(route());
    window.addEventListener("hashchange", look);
    look();
    return () => window.removeEventListener("hashchange", look);
  }, []);
  return current;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // A single % was typed by hand.
  }
}

// Before the first call of any component: its world is that of the address.
const follow = () => chooseWorld(route().world);
window.addEventListener("hashchange", follow);
follow();
