// The page's configuration, with Debian's browser and two workers.
import page from "./playwright.config.js";

export default {
  ...page,
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 60_000 },
  fullyParallel: true,
  reporter: [["list"], ["json", { outputFile: "report.json" }]],
  testMatch: /.*\.spec\.js/,
  use: {
    launchOptions: {
      executablePath: process.env.TEST_CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
    },
  },
};
