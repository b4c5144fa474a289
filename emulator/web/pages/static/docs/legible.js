// Legible: an OpenAPI 3.1 document rewritten as 3.0, only for Swagger UI. Swagger UI resolves a whole
// 3.1 document before it shows anything (seconds of script for ours), a 3.0 document only as it is
// opened.

export function legible(api) {
  return { ...rewritten(api), openapi: "3.0.3" };
}

function rewritten(value) {
  if (Array.isArray(value)) return value.map(rewritten);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([name, part]) => [name, partOf(name, part)]);
  return nullable(Object.fromEntries(entries));
}

function partOf(name, part) {
  if (name === "example") return part;
  // It reads an underscore in an address as a space of earlier versions, and logs a warning.
  if (name === "operationId" && typeof part === "string") return part.replaceAll("_", "-");
  return rewritten(part);
}

// In 3.0 `null`, as a type or as one of several schemas, is a flag next to the others.
function nullable(schema) {
  const { type, anyOf, const: constant, ...rest } = schema;
  if (constant !== undefined && typeof constant !== "object") {
    return { ...rest, type: typeof constant, enum: [constant] };
  }
  if (Array.isArray(type)) {
    const types = type.filter((each) => each !== "null");
    const mark = types.length < type.length ? { nullable: true } : {};
    if (types.length === 1) return { ...rest, type: types[0], ...mark };
    return { ...rest, anyOf: types.map((each) => ({ type: each })), ...mark };
  }
  if (Array.isArray(anyOf) && anyOf.some((each) => each.type === "null")) {
    const others = anyOf.filter((each) => each.type !== "null");
    const [only] = others;
    if (others.length === 1 && !only.$ref) return { ...rest, ...only, nullable: true };
    return { ...rest, anyOf: others, nullable: true };
  }
  return schema;
}
