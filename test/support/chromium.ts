// A browser for tests of pages: opens a file as its reader would, with a new empty profile and no network,
// and keeps what the page asked of anybody, what it logged and what it threw. Tests take `chromiumSkip`,
// so that a machine without Chromium says by name what it skipped.

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
  /** Requests for anything but the page itself and what stands in it. */
  readonly requests: readonly string[];
  /** What went to the console as an error, or was thrown. */
  readonly errors: readonly string[];
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
}

/** Opens the page in a file or at an http: address, hands it to `use`, and ends the browser whatever happens. */
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
