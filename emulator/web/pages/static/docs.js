// The API's pages: reads an OpenAPI document of this server and shows each operation.

const told = document.querySelector("#told");
const list = document.querySelector("#operations");
const find = document.querySelector("#find");
const buttons = [...document.querySelectorAll("button[data-document]")];

const METHODS = ["get", "post", "put", "patch", "delete"];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function kindOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.anyOf) return schema.anyOf.map(kindOf).join(" | ");
  const kind = [schema.type].flat().join(" | ");
  const bounds = ["minimum", "maximum", "minLength", "maxLength", "default"];
  const said = bounds.filter((name) => name in schema).map((name) => `${name} ${schema[name]}`);
  return [kind, ...said].join(", ");
}

function exampleOf(content) {
  const [media, told] = Object.entries(content)[0] ?? [];
  if (!media) return null;
  return told.example === undefined ? media : JSON.stringify(told.example, null, 2);
}

function parameters(operation) {
  const rows = (operation.parameters ?? []).map((each) =>
    element(
      "tr", {},
      element("td", {}, element("code", { textContent: each.name })),
      element("td", { textContent: each.in }),
      element("td", { textContent: kindOf(each.schema) }),
    ),
  );
  return rows.length ? [element("h3", { textContent: "Parameters" }), element("table", {}, ...rows)] : [];
}

function shown(title, content) {
  const example = content && exampleOf(content);
  if (!example) return [element("h3", { textContent: title })];
  return [element("h3", { textContent: title }), element("pre", { tabIndex: 0, textContent: example })];
}

function details(operation) {
  const parts = [];
  if (operation.description) parts.push(element("p", { textContent: operation.description }));
  parts.push(...parameters(operation));
  if (operation.requestBody) parts.push(...shown("Request", operation.requestBody.content));
  const answers = Object.entries(operation.responses);
  for (const [status, answer] of answers.filter(([status]) => status < 400)) {
    parts.push(...shown(`Answer ${status}`, answer.content));
  }
  const refusals = answers.filter(([status]) => status >= 400);
  const words = refusals.map(([status, answer]) => `${status} ${answer.description}`).join(", ");
  if (words) parts.push(element("p", { textContent: `Refuses with ${words}.` }));
  return element("div", { className: "body" }, ...parts);
}

function needs(operation) {
  if (!operation.security) return "public";
  return operation.security.some((each) => !Object.keys(each).length) ? "optional" : "user";
}

function row(method, path, operation) {
  const made = element(
    "details", {},
    element(
      "summary", {},
      element("span", { className: "method", textContent: method.toUpperCase() }),
      element("code", { textContent: path }),
      element("span", { className: "says", textContent: operation.summary }),
      element("span", { className: "badge", textContent: needs(operation) }),
      element("span", { className: "badge", textContent: operation["x-provenance"] }),
    ),
  );
  made.dataset.words = made.textContent.toLowerCase();
  // Filled when it is opened: two hundred examples at once would make the page slow.
  made.addEventListener("toggle", () => made.append(details(operation)), { once: true });
  return made;
}

function filter() {
  const words = find.value.toLowerCase().split(/\s+/);
  let count = 0;
  for (const each of list.querySelectorAll("details")) {
    each.hidden = !words.every((word) => each.dataset.words.includes(word));
    count += !each.hidden;
  }
  for (const group of list.querySelectorAll("section")) {
    group.hidden = !group.querySelector("details:not([hidden])");
  }
  told.textContent = `${count} ${count === 1 ? "operation" : "operations"}`;
}

async function show(address) {
  for (const each of buttons) each.ariaPressed = String(each.dataset.document === address);
  const answer = await fetch(address);
  if (!answer.ok) {
    told.textContent = `The document could not be read: ${answer.status}.`;
    return;
  }
  const api = await answer.json();
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((each) => each in methods)) {
      const [tag] = methods[method].tags;
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(row(method, new URL(api.servers[0].url).pathname + path, methods[method]));
    }
  }
  list.replaceChildren(
    ...[...groups].map(([tag, rows]) =>
      element("section", {}, element("h2", { textContent: tag }), ...rows),
    ),
  );
  filter();
}

for (const each of buttons) each.addEventListener("click", () => show(each.dataset.document));
find.addEventListener("input", filter);
show(buttons[0].dataset.document);
