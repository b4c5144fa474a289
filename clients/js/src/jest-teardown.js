/** Jest's `globalTeardown`: stops what the setup has started. */

import { stopShared } from "./shared.js";

export default async function teardown() {
  await stopShared();
}
