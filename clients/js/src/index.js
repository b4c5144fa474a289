/** A fake of the AINative live streaming platform: find or start it, and create worlds in it. */

export { Chat } from "./chat.js";
export { LiveEmulator, findEmulator, startEmulator } from "./emulator.js";
export { ApiResponse, EmulatorError } from "./http.js";
export { Scenarios } from "./scenarios.js";
export { Clock, Faults } from "./steering.js";
export { Publisher, Stream, Viewers } from "./stream.js";
export { useWorld } from "./hooks.js";
export { Delivery, Webhooks } from "./webhooks.js";
export { World } from "./world.js";
