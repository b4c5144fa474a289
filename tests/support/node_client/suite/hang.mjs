// A script that is killed, and so cannot stop its emulator.
import { startEmulator } from "live-emulator";

const emulator = await startEmulator();
console.log(JSON.stringify({ pid: emulator.ready.pid, ca: emulator.ca }));
setInterval(() => {}, 1000);
