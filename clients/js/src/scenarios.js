/** Scenarios: YAML files that run in a world. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

import { EmulatorError } from "./http.js";

/** @typedef {import("./world.js").World} World */

const TEXTS_MAX = 200;

export class Scenarios {
  /** @param {World} world */
  constructor(world) {
    this._world = world;
    /**
     * The report of the last scenario.
     * @type {Record<string, any>}
     */
    this.report = {};
  }

  /**
   * Run a scenario to its end, and return its report. Throws `EmulatorError` if it misses an
   * expectation.
   * @param {string} file One of the library's names, or a file below `folder`.
   * @param {Record<string, unknown>} [params] The scenario's parameters.
   * @param {{ speed?: number, folder?: string, patienceSeconds?: number }} [options] A `speed` of 0
   *   is the virtual clock, 1 the machine's pace. `folder`: by default the working directory.
   * @returns {Promise<Record<string, any>>}
   */
  async play(file, params = {}, { speed = 0, folder = ".", patienceSeconds } = {}) {
    const order = { ...source(resolve(folder, file), file), params, speed, world: "this" };
    const { id } = await this._world.admin("POST", "scenarios", order);
    const look = async () => {
      const run = await this._world.admin("GET", `scenarios/runs/${id}`);
      return run.state === "over" ? run : null;
    };
    const over = await this._world.until(look, `the scenario ${file} is over`, { patienceSeconds });
    this.report = over.report;
    const missed = missedIn(over.report);
    if (missed.length) throw new EmulatorError(`${file}: ${missed.join("; ")}`);
    return over.report;
  }
}

/**
 * @param {string} path
 * @param {string} name
 */
function source(path, name) {
  if (!existsSync(path)) return { name };
  const folder = dirname(path);
  const beside = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(yaml|txt)$/.test(file) && !file.split(sep).includes("node_modules"))
    .sort()
    .slice(0, TEXTS_MAX);
  const files = beside.map((file) => [
    relative(folder, join(folder, file)).split(sep).join("/"),
    readFileSync(join(folder, file), "utf8"),
  ]);
  return {
    text: readFileSync(path, "utf8"),
    file: basename(path),
    files: Object.fromEntries(files),
  };
}

/**
 * The missed expectations and errors of a report.
 * @param {Record<string, any>} report
 * @returns {string[]}
 */
function missedIn(report) {
  const missed = report.expectations
    .filter((/** @type {any} */ expectation) => !expectation.met)
    .map(
      (/** @type {any} */ { fact, wanted, seen }) => `${fact} should be ${wanted}, and was ${seen}`,
    );
  if (!missed.length && !["passed", "stopped"].includes(report.outcome))
    missed.push(report.reason || `the run has ${report.outcome}`);
  return missed;
}
