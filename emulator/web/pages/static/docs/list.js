// The list of operations by tag, shown before Swagger UI is loaded, and filtered by a text.

const METHODS = ["get", "post", "put", "patch", "delete"];

export function operationsOf(api) {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => method in methods).map((method) => ({ path, method, ...methods[method] })),
  );
}

/** Whether an operation contains every word of a text. */
export function matches({ method, path, summary = "", operationId = "", tags = [], ...rest }, text) {
  const words = [method, path, summary, operationId, rest["x-provenance"] ?? "", ...tags].join(" ").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => words.includes(word));
}

/** An operation's part of the page's address, as Swagger UI writes it: `#/Chat/ban_user`. */
export function addressOf({ tags = ["default"], operationId }) {
  return `#/${encodeURIComponent(tags[0])}/${operationId}`;
}

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function row(operation) {
  const link = make(
    "a", { href: addressOf(operation), title: operation.summary ?? "" },
    make("span", { className: `method ${operation.method}` }, operation.method),
    make("span", { className: "path" }, operation.path.replaceAll("/", "/\u200b")),
  );
  return { operation, tag: operation.tags?.[0] ?? "default", link, item: make("li", {}, link) };
}

/** Draw the list into `place`. Returns functions that filter it by a text, and mark an operation. */
export function draw(place, operations) {
  const rows = operations.map(row);
  const groups = new Map(rows.map(({ tag }) => [tag, rows.filter((each) => each.tag === tag)]));
  const parts = [...groups].map(([tag, members]) => ({
    members,
    part: make("section", {}, make("h2", {}, tag), make("ul", {}, ...members.map(({ item }) => item))),
  }));
  place.replaceChildren(...parts.map(({ part }) => part));
  return {
    find(text) {
      for (const { operation, item } of rows) item.hidden = !matches(operation, text);
      for (const { members, part } of parts) part.hidden = members.every(({ item }) => item.hidden);
      return rows.filter(({ item }) => !item.hidden).length;
    },
    mark(chosen) {
      for (const { operation, link } of rows) link.ariaCurrent = operation === chosen ? "true" : null;
    },
  };
}
