// Find: which operations hold every word of a text. Swagger UI's own filter knows tags alone.

export function matches(operation, text) {
  const { method, path, summary = "", operationId = "", tags = [] } = operation;
  const provenance = operation["x-provenance"] ?? "";
  // As the document writes it: the page shows it with dashes (legible.js).
  const id = operationId.replaceAll("-", "_");
  const words = [method, path, summary, id, provenance, ...tags].join(" ").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => words.includes(word));
}

// A plugin of Swagger UI. The values are Immutable.js maps: operations by tag.
export function find() {
  return {
    fn: {
      opsFilter: (tags, text) =>
        tags
          .map((tag) => tag.update("operations", (list) => list.filter((entry) => fits(entry, text))))
          .filter((tag) => tag.get("operations").size),
    },
    // The page has its own field, with a label.
    wrapComponents: { FilterContainer: () => () => null },
  };
}

function fits(entry, text) {
  const { tags, ...operation } = entry.get("operation").toJS();
  return matches({ ...operation, tags, method: entry.get("method"), path: entry.get("path") }, text);
}
