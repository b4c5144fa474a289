/** Report: a failed test's view of its world: the app's requests, and active faults. */

/** @typedef {import("./world.js").World} World */
/** @typedef {import("../types/admin.js").components["schemas"]} Admin */

const REQUESTS_SHOWN = 15;
const STRUCK_SHOWN = 10;
const DELIVERIES_SHOWN = 5;

/**
 * @param {World} world
 * @returns {Promise<string>}
 */
export async function report(world) {
  const lines = [
    `World ${world.name}. ${await world.clock.describe()}`,
    ...requestsOf(await world.requests()),
    ...(await faultsOf(world)),
    ...(await webhooksOf(world)),
  ];
  return lines.join("\n");
}

/**
 * @param {Admin["Request"][]} requests
 * @returns {string[]}
 */
function requestsOf(requests) {
  if (!requests.length)
    return ["The app has sent no request to this world. Does it use its key, or its header?"];
  const shown = requests.slice(-REQUESTS_SHOWN);
  return [`The last ${shown.length} of ${requests.length} requests:`, ...shown.map(lineOf)];
}

/** @param {Admin["Request"]} request */
function lineOf(request) {
  const query = new URLSearchParams(request.query).toString();
  const fault = Object.entries(request.response_headers).find(
    ([name]) => name.toLowerCase() === "x-emulator-fault",
  );
  const body = /** @type {any} */ (request.response_body);
  const notes = [
    request.user ?? "nobody",
    request.status >= 400 && !fault && body?.message,
    request.operation === null && "there is no such operation",
    request.credential === "invalid" && "the credential is invalid",
    request.unknown_fields.length && `unknown fields: ${request.unknown_fields.join(", ")}`,
    fault && `made by ${fault[1]}`,
  ];
  const address = query ? `${request.path}?${query}` : request.path;
  return `  ${request.method} ${address} -> ${request.status}  ${notes.filter(Boolean).join("; ")}`;
}

/** @param {World} world */
async function faultsOf(world) {
  const { faults } = /** @type {Admin["FaultList"]} */ (await world.admin("GET", "faults"));
  const struck = await world.events("FaultStruck");
  const lines = faults.map((fault) => `The fault ${fault.kind} is on (struck ${fault.struck}).`);
  if (struck.length) {
    lines.push(`Faults have struck ${struck.length} times, last:`);
    for (const event of struck.slice(-STRUCK_SHOWN))
      lines.push(`  ${event.fault_id} ${event.kind}: ${event.subject}`);
  }
  return lines;
}

/** @param {World} world */
async function webhooksOf(world) {
  const { deliveries } = /** @type {Admin["DeliveryList"]} */ (
    await world.admin("GET", "webhooks/deliveries")
  );
  return deliveries
    .filter((delivery) => delivery.state !== "delivered" && delivery.attempts)
    .slice(0, DELIVERIES_SHOWN)
    .reverse()
    .map(
      ({ event, state, attempts, outcome }) =>
        `Webhook ${event} is ${state} after ${attempts} attempts: ${outcome}`,
    );
}
