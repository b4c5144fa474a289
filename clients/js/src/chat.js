/** Chat: a stream's chat, in which a test posts messages as other users. */

import { refusal, UNLOGGED } from "./http.js";

/** @typedef {import("./world.js").World} World */

export class Chat {
  /**
   * @param {World} world
   * @param {string} streamId
   * @param {string} owner
   */
  constructor(world, streamId, owner) {
    this._world = world;
    this._path = `/streams/${streamId}/chat`;
    this._owner = owner;
  }

  /**
   * Post a message as a user. Resolves to true if it is shown, false if a filter holds it.
   *
   * Throws `EmulatorError` where the chat's rules do not allow it.
   * @param {string} content
   * @param {{ by?: string }} [options] `by`: the account, made if it is missing.
   * @returns {Promise<boolean>}
   */
  async say(content, { by = "viewer" } = {}) {
    const sender = { user: by, headers: UNLOGGED };
    const response = await this._world.ask("POST", this._path, { content }, sender);
    if (response.status >= 400) throw refusal("POST", this._path, response);
    return response.status === 201;
  }

  /**
   * Post this many messages at once, alternately by `viewer1`, `viewer2` and so on.
   * @param {number} count
   * @param {{ authors?: number }} [options]
   */
  async flood(count, { authors = 10 } = {}) {
    const speak = async (/** @type {number} */ author) => {
      for (let number = author; number < count; number += authors)
        await this.say(`line ${number + 1}`, { by: `viewer${author + 1}` });
    };
    await Promise.all(Array.from({ length: Math.min(authors, count) }, (_, author) => speak(author)));
  }

  /**
   * The last hundred shown messages, the oldest first, with their authors.
   * @returns {Promise<[author: string, content: string][]>}
   */
  async lines() {
    const page = await this._asOwner("GET", "?limit=100");
    return page.messages.map((/** @type {any} */ line) => [line.user.username, line.content]);
  }

  /**
   * Change the chat's rules, such as `{ slow_mode_seconds: 30 }`.
   * @param {Partial<import("../types/platform.js").components["schemas"]["SettingsUpdate"]>} patch
   */
  async settings(patch) {
    await this._asOwner("PUT", "/settings", patch);
  }

  /**
   * Ban a user, for a while or for good.
   * @param {string} username
   * @param {{ seconds?: number }} [options]
   */
  async ban(username, { seconds } = {}) {
    await this._world.keyOf(username);
    await this._asOwner("POST", "/bans", { username, duration_seconds: seconds });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  _asOwner(method, path, body) {
    const owner = { user: this._owner, headers: UNLOGGED };
    return this._world.call(method, this._path + path, body, owner);
  }
}
