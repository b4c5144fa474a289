/** Clock and Faults: the time of a world, and its injected faults. */

/** @typedef {import("./world.js").World} World */
/** @typedef {import("../types/admin.js").components["schemas"]} Admin */

/** The world's time. While it stands, nothing happens until it is advanced. */
export class Clock {
  /** @param {World} world */
  constructor(world) {
    this._world = world;
  }

  /** @returns {Promise<Date>} */
  async now() {
    return new Date((await this._read()).now);
  }

  /** Stop the clock until it is advanced. */
  async freeze() {
    await this._world.admin("PUT", "clock", { mode: "virtual" });
  }

  /** Whether time stands. */
  async stands() {
    return (await this._read()).mode === "virtual";
  }

  /**
   * The seconds until the next timer is due; null if there is none.
   * @returns {Promise<number | null>}
   */
  async dueInSeconds() {
    return dueIn(await this._read());
  }

  /**
   * Advance the clock at once; everything that is due by then has happened when this resolves.
   * @param {number} seconds
   */
  async advance(seconds) {
    await this._world.admin("POST", "clock/advance", { seconds });
  }

  /** Let everything happen that is due now, without advancing the clock. */
  async settle() {
    await this.advance(0);
  }

  /**
   * Let time run again, at this multiple of the machine's speed.
   * @param {number} [speed]
   */
  async run(speed = 1) {
    await this._world.admin("PUT", "clock", { speed });
  }

  /** A sentence with the time, whether it stands, and what is due next. */
  async describe() {
    const clock = await this._read();
    if (clock.mode !== "virtual") return "Time runs.";
    const seconds = dueIn(clock);
    const stands = `Time stands at ${clock.now}`;
    if (seconds === null)
      return `${stands}, and nothing is due later: something else has to happen first.`;
    return `${stands}; the next thing is due at ${clock.next_due_at}: clock.advance(${seconds}).`;
  }

  /** @returns {Promise<Admin["Clock"]>} */
  _read() {
    return this._world.admin("GET", "clock");
  }
}

/** @param {Admin["Clock"]} clock */
function dueIn(clock) {
  if (clock.next_due_at === null) return null;
  return Math.max(0, Date.parse(clock.next_due_at) - Date.parse(clock.now)) / 1000;
}

/** The world's faults. They end with the world. */
export class Faults {
  /** @param {World} world */
  constructor(world) {
    this._world = world;
  }

  /**
   * Start a fault, such as `start("api.fail", { path: "/streams", status: 503, times: 1 })`.
   *
   * It spares the first `skip` calls, strikes a `share` of the others, at most `times` times and for
   * `seconds`. Resolves to the fault's id. Throws `EmulatorError` for an invalid fault.
   * @param {string} kind
   * @param {{ share?: number | string, times?: number, skip?: number, seconds?: number }
   *   & Record<string, unknown>} [values]
   * @returns {Promise<string>}
   */
  async start(kind, { share, times, skip, seconds, ...values } = {}) {
    const order = { [kind]: values, share, times, skip, for: seconds };
    return (await this._world.admin("POST", "faults", order)).id;
  }

  /** @param {string} faultId */
  async stop(faultId) {
    await this._world.admin("DELETE", `faults/${faultId}`);
  }

  async clear() {
    await this._world.admin("DELETE", "faults");
  }

  /**
   * The subjects that faults have struck until now, such as `GET /api/v1/streams/`.
   * @returns {Promise<string[]>}
   */
  async struck() {
    return (await this._world.events("FaultStruck")).map((event) => event.subject);
  }
}
