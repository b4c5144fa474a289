/** The AINative live streaming platform as a fake: found or started, and worlds of its own in it. */

export { Chat } from "./chat.js";
export { LiveEmulator, findEmulator, startEmulator } from "./emulator.js";
export { ApiResponse, EmulatorError } from "./http.js";
export { Scenarios } from "./scenarios.js";
export { Clock, Faults } from "./steering.js";
export { Publisher, Stream, Viewers } from "./stream.js";
export { useWorld } from "./hooks.js";
export { Delivery, Webhooks } from "./webhooks.js";
export { World } from "./world.js";
