// The API's documents: search, read and try operations of this server. Each operation has an address.

import { addressOf, draw, operationsOf } from "./list.js";
import { Viewer } from "./operation.js";

const DOCUMENTS = {
  documented: "/api/v1/openapi.json",
  client: "/v1/openapi.json",
  admin: "/_emulator/openapi.json",
};

const asked = new URLSearchParams(location.search).get("document");
const name = asked in DOCUMENTS ? asked : "documented";
const status = document.querySelector("#status");
const search = document.querySelector("#find");
const hint = document.querySelector("#hint");
const pane = document.querySelector("#operation");

function followScheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

// The page's own origin, whatever server name the document has: the page's policy allows no other.
function here(address) {
  const { pathname, search: query } = new URL(address, location.origin);
  return location.origin + pathname + query;
}

async function read() {
  const answer = await fetch(DOCUMENTS[name]);
  if (!answer.ok) throw new Error(`The document could not be read: ${answer.status}.`);
  const api = await answer.json();
  api.servers = [{ url: here(api.servers[0].url) }];
  // If an admin token is set, Authorize accepts it: each admin operation may need it.
  if (name === "admin") api.security = [{}, { bearer: [] }];
  return api;
}

function fail(error) {
  status.textContent = error.message;
}

// The keyboard focus moves to the operation; on a narrow screen it is above the list.
function reveal() {
  pane.focus({ preventScroll: true });
  if (pane.getBoundingClientRect().top < 0) pane.scrollIntoView();
}

function show(api) {
  document.querySelector("#title").textContent = `${api.info.title} ${api.info.version}`;
  const operations = operationsOf(api);
  const list = draw(document.querySelector("#operations"), operations);
  const viewer = new Viewer(api, name !== "admin");
  const count = () => {
    const fitting = list.find(search.value.trim());
    status.textContent = `${fitting} ${fitting === 1 ? "operation" : "operations"}`;
  };
  const follow = () => {
    const chosen = operations.find((operation) => addressOf(operation) === location.hash);
    list.mark(chosen);
    if (!chosen) return;
    hint.hidden = true;
    viewer.open(chosen).then(reveal).catch(fail);
  };
  search.addEventListener("input", count);
  window.addEventListener("hashchange", follow);
  count();
  follow();
}

for (const link of document.querySelectorAll("[data-document]")) {
  if (link.dataset.document === name) link.ariaCurrent = "page";
}
followScheme();
read().then(show).catch(fail);
