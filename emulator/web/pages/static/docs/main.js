// The API's documents in Swagger UI: to read, to search, and to try on this server.

import { access, mend } from "./access.js";
import { find, matches } from "./find.js";
import { legible } from "./legible.js";

const DOCUMENTS = {
  documented: "/api/v1/openapi.json",
  client: "/v1/openapi.json",
  admin: "/_emulator/openapi.json",
};
const { world } = document.documentElement.dataset;
const KEY = world === "default" ? "ak_demo" : `ak_demo@${world}`;
const METHODS = ["get", "post", "put", "patch", "delete"];

const asked = new URLSearchParams(location.search).get("document");
const name = asked in DOCUMENTS ? asked : "documented";
const status = document.querySelector("#status");
const search = document.querySelector("#find");

function followScheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

// Where the page itself came from, whatever name of this server the document was made for: the
// page's policy lets it ask nobody else.
function here(address) {
  const { pathname, search: query } = new URL(address, location.origin);
  return location.origin + pathname + query;
}

async function read() {
  const answer = await fetch(DOCUMENTS[name]);
  if (!answer.ok) throw new Error(`The document could not be read: ${answer.status}.`);
  const api = await answer.json();
  api.servers = [{ url: here(api.servers[0].url) }];
  // Where an admin token is set, Authorize takes it: each admin operation may need it.
  if (name === "admin") api.security = [{}, { bearer: [] }];
  return api;
}

function operationsOf(api) {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => method in methods).map((method) => ({ path, method, ...methods[method] })),
  );
}

function show(api) {
  if (!window.SwaggerUIBundle) throw new Error("Swagger UI could not be loaded.");
  document.querySelector("#title").textContent = `${api.info.title} ${api.info.version}`;
  const operations = operationsOf(api);
  const ui = window.SwaggerUIBundle({
    spec: legible(api),
    dom_id: "#api",
    plugins: [find, access],
    deepLinking: true,
    tryItOutEnabled: true,
    showExtensions: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: -1,
    validatorUrl: null,
    filter: "",
    onComplete: () => name !== "admin" && ui.preauthorizeApiKey("bearer", KEY),
  });
  const count = () => {
    const text = search.value.trim();
    const fitting = operations.filter((operation) => matches(operation, text)).length;
    status.textContent = `${fitting} ${fitting === 1 ? "operation" : "operations"}`;
    ui.layoutActions.updateFilter(text);
  };
  mend(document.querySelector("#api"));
  search.addEventListener("input", count);
  count();
}

for (const link of document.querySelectorAll("[data-document]")) {
  if (link.dataset.document === name) link.ariaCurrent = "page";
}
followScheme();
read().then(show).catch((error) => { status.textContent = error.message; });
