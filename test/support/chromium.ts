// A browser for tests of pages: opens a file as its reader would, with a new empty profile and no network, and
// collects the page's requests, log and errors. Tests use `chromiumSkip`, so that a machine without Chromium lists by
// name what it skipped.

import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";

const PROGRAM = "chromium";
const FLAGS = [
  "--no-sandbox", // tests run as root in CI
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** For node:test's `skip`: false, or the reason. */
export const chromiumSkip: string | false =
  spawnSync(PROGRAM, ["--version"]).status === 0 ? false : "chromium isn't installed";

export interface OpenPage {
  readonly page: Page;
  /** Requests for anything except the page itself and its contents. */
  readonly requests: readonly string[];
  /** Errors on the console, and uncaught errors. */
  readonly errors: readonly string[];
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
}

/** Opens the page in a file or at an http: address, passes it to `use`, and always closes the browser. */
export async function withPage<T>(
  path: string,
  use: (open: OpenPage) => Promise<T>,
  { width = 1280, height = 900, colorScheme = "light" }: PageOptions = {},
): Promise<T> {
  const address = path.startsWith("http:") ? path : pathToFileURL(path).href;
  const browser = await chromium.launch({ executablePath: programPath(), args: FLAGS });
  try {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    const requests: string[] = [];
    const errors: string[] = [];
    page.on("request", (request) => {
      const url = request.url();
      if (url.split("#")[0] !== address && !/^(data|blob|about):/.test(url)) requests.push(url);
    });
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(address);
    return await use({ page, requests, errors });
  } finally {
    await browser.close();
  }
}

function programPath(): string {
  return spawnSync("sh", ["-c", `command -v ${PROGRAM}`], { encoding: "utf8" }).stdout.trim();
}
