// The player SDK, like the CDN's `/embed/sdk.latest.js`: `Stream(iframe)` gives a framed player the
// properties, methods and events of a media element.
//
// It is a classic script, loaded by pages of any origin. Properties return the frame's last values; a
// set property changes at once, is sent to the frame, and sent again if the frame reloads. See
// bridge.js.

(() => {
  const PROPERTIES = {
    autoplay: false, controls: true, currentTime: 0, letterboxColor: undefined, loop: false, muted: false,
    playbackRate: 1, poster: undefined, preload: "metadata", primaryColor: undefined, volume: 1,
    adUrl: undefined, defaultTextTrack: undefined, startTime: undefined,
  };
  const READ_ONLY = {
    duration: NaN, ended: false, error: null, paused: true, readyState: 0, seeking: false, videoHeight: 0,
    videoWidth: 0,
  };
  const RANGES = ["buffered", "played", "seekable"];
  // The position and duration are not sent again: a reloaded frame starts from the beginning.
  const NOT_AGAIN = ["currentTime"];

  class Ranges {
    #pairs;
    constructor(pairs) { this.#pairs = pairs; }
    get length() { return this.#pairs.length; }
    start(index) { return this.#at(index)[0]; }
    end(index) { return this.#at(index)[1]; }
    #at(index) {
      if (!this.#pairs[index]) throw new DOMException("There is no such range.", "IndexSizeError");
      return this.#pairs[index];
    }
  }

  class StreamPlayer extends EventTarget {
    #iframe;
    #state = { ...PROPERTIES, ...READ_ONLY };
    #wanted = new Map();
    #calls = new Map();
    #lastCall = 0;
    #isReady = false;

    constructor(iframe) {
      super();
      this.#iframe = iframe;
      window.addEventListener("message", ({ source, data }) => {
        if (source && source === iframe.contentWindow && data?.liveEmulator) this.#hear(data);
      });
      // A frame that is already loaded answers this; another one sends it by itself.
      this.#send({ liveEmulator: "hello" });
      for (const name of Object.keys(PROPERTIES)) this.#define(name, (value) => this.#set(name, value));
      for (const name of Object.keys(READ_ONLY)) this.#define(name);
      for (const name of RANGES) {
        Object.defineProperty(this, name, { enumerable: true, get: () => new Ranges(this.#state[name] ?? []) });
      }
    }

    play() { return this.#call("play"); }
    pause() { this.#call("pause").catch(() => {}); }

    /** The uid that is shown; setting another uid or an address shows that. */
    get src() { return uidIn(this.#iframe.src) ?? this.#iframe.src; }
    set src(value) {
      if (!value || value === this.src || value === this.#iframe.src) return;
      const address = /^https?:/.test(value) ? value : this.#iframe.src.replace(this.src, value);
      this.#isReady = false;
      this.#iframe.src = address;
    }

    #define(name, set) {
      Object.defineProperty(this, name, { enumerable: true, get: () => this.#state[name], set });
    }

    #set(name, value) {
      this.#state[name] = value;
      if (!NOT_AGAIN.includes(name) || !this.#isReady) this.#wanted.set(name, value);
      if (this.#isReady) this.#send({ liveEmulator: "set", name, value });
    }

    #call(name) {
      const id = (this.#lastCall += 1);
      const promise = new Promise((resolve, reject) => this.#calls.set(id, { name, resolve, reject }));
      if (this.#isReady) this.#send({ liveEmulator: "call", id, name });
      return promise;
    }

    #send(message) { this.#iframe.contentWindow?.postMessage(message, "*"); }

    #hear({ liveEmulator, name, id, error, state }) {
      const wasReady = this.#isReady;
      this.#state = { ...this.#state, ...state };
      if (liveEmulator === "ready") this.#begin(wasReady);
      if (liveEmulator === "event") this.dispatchEvent(new Event(name));
      if (liveEmulator !== "answer" || !this.#calls.has(id)) return;
      const { resolve, reject } = this.#calls.get(id);
      this.#calls.delete(id);
      if (error) reject(new DOMException(error.message, error.name));
      else resolve();
    }

    #begin(wasReady) {
      this.#isReady = true;
      for (const [key, value] of this.#wanted) {
        this.#state[key] = value;
        this.#send({ liveEmulator: "set", name: key, value });
      }
      for (const key of NOT_AGAIN) this.#wanted.delete(key);
      for (const [id, { name }] of this.#calls) this.#send({ liveEmulator: "call", id, name });
      // Events before the first listener are sent now.
      if (wasReady || !this.#state.readyState) return;
      for (const name of ["loadedmetadata", "durationchange", "resize"]) this.dispatchEvent(new Event(name));
    }
  }

  const uidIn = (address) => /[0-9a-f]{32}/.exec(new URL(address, location.href).pathname)?.[0];
  const players = new WeakMap();

  window.Stream = (iframe) => {
    if (!(iframe instanceof HTMLIFrameElement)) throw new TypeError("Stream(iframe) takes the player's iframe.");
    if (!players.has(iframe)) players.set(iframe, new StreamPlayer(iframe));
    return players.get(iframe);
  };
})();
