// Runs the documents' examples exactly as written. In a ```console block, lines after `$ ` are commands and the
// others their output: `…` replaces the rest of a line, or alone any number of lines. A ```js block with a file's
// name is that file. Blocks marked `debian` need Debian's files and are skipped by name without them. Commands run in
// a folder with the files that the documents name.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { debian, debianSkip } from "../support/debian.ts";
import { repositoryFile, sourceFiles } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";

const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...sourceFiles("docs")];
const [README] = DOCUMENTS;
const PROGRAM = repositoryFile("dist/farjal.cjs");
/** The release that the outputs in blocks marked `debian` come from. */
const RELEASE = "6.1.0-50-4kc-malta";
/** ARCHITECTURE.md's own modules, beside those of `farjal demo --files`. */
const OURS = {
  "leaf.ko": "leaf",
  "leaf_plain.ko": "leaf_plain",
  "leaf_jal.ko": "leaf_jal",
};
const DEBIANS = ["usbcore", "usb-common", "crc16", "lz4_compress"];
/** Printed between commands, to separate their outputs. */
const MARK = "---- next command ----";

interface Fence {
  readonly language: string;
  /** The second word after ```. */
  readonly note: string;
  readonly lines: readonly string[];
}

function fences(text: string): Fence[] {
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)\n```$/gm)].map(
    ([, language = "", note = "", body = ""]) => ({ language, note, lines: body.split("\n") }),
  );
}

interface Command {
  readonly text: string;
  readonly prints: string[];
}

function commandsOf({ lines }: Fence): Command[] {
  const commands: Command[] = [];
  for (const line of lines) {
    if (line.startsWith("$ ")) commands.push({ text: line.slice(2), prints: [] });
    else commands.at(-1)?.prints.push(line);
  }
  return commands;
}

/** A pattern that a command's output must match. */
function pattern(prints: readonly string[]): RegExp {
  const lines = prints.map((line) => {
    if (line === "…") return "(?:.*\\n)*";
    const parts = line.split("…").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    return `${parts.join(".*")}\\n`;
  });
  return new RegExp(`^${lines.join("")}$`);
}

/** Every command's output with stderr, without spaces at the ends of lines. */
function outputs(commands: readonly Command[], folder: string): string[] {
  const script = commands
    .map(({ text }) => text.replaceAll("npx farjal", `"${process.execPath}" "${PROGRAM}"`))
    .map((text) => `{ ${text}\n}\nprintf '%s\\n' '${MARK}'`)
    .join("\n");
  const { stdout, error } = spawnSync("bash", ["-c", `exec 2>&1\n${script}`], {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
    env: {
      ...process.env,
      XDG_CACHE_HOME: folder,
      PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    },
  });
  assert.equal(error, undefined);
  return stdout
    .replace(/[ \t]+$/gm, "")
    .split(`${MARK}\n`)
    .slice(0, -1);
}

function debianReason(): string | false {
  if (debian === null || debian.release === RELEASE) return debianSkip;
  return `another version: the documents show ${RELEASE}, Debian has ${debian.release}`;
}

const documents = DOCUMENTS.map((name) => {
  const text = readFileSync(repositoryFile(name), "utf8");
  return { name, text, fences: fences(text) };
});

suite("the documents", () => {
  let folder = "";

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "farjal-documents-"));
    for (const [name, built] of Object.entries(OURS)) {
      copyFileSync(repositoryFile(`test/modules/built/${built}-little.ko`), join(folder, name));
    }
    const files = ["demo", "--files", folder];
    assert.equal(spawnSync(process.execPath, [PROGRAM, ...files]).status, 0);
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(repositoryFile("."), join(folder, "node_modules/farjal"));
    for (const { language, note, lines } of documents.flatMap((document) => document.fences)) {
      if (language === "js") writeFileSync(join(folder, note), lines.join("\n"));
    }
    if (debian === null) return;
    symlinkSync(debian.vmlinuz, join(folder, "vmlinuz"));
    for (const name of DEBIANS) symlinkSync(debian.module(name), join(folder, `${name}.ko`));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  test("name a file for each program, and run it", () => {
    const all = documents.flatMap((document) => document.fences);
    const commands = all.filter(({ language }) => language === "console").flatMap(commandsOf);
    for (const { language, note } of all) {
      if (language !== "js") continue;
      assert.ok(
        commands.some(({ text }) => text === `node ${note}`),
        note,
      );
    }
  });

  test("link to existing files", () => {
    const links = documents.flatMap(({ name, text }) =>
      [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path = ""]) =>
        join(dirname(name), path),
      ),
    );
    assert.ok(links.length >= 20, `${links.length} links`);
    assert.deepEqual(
      links.filter((path) => !existsSync(repositoryFile(path))),
      [],
    );
  });

  test("are each linked from the README", () => {
    const { text = "" } = documents.find(({ name }) => name === README) ?? {};
    const pages = sourceFiles("docs");
    assert.ok(pages.length > 0);
    assert.deepEqual(
      pages.filter((page) => !text.includes(`](${page})`)),
      [],
    );
  });

  test("describe the contents of every folder", () => {
    const rows = documents.find(({ name }) => name === "ARCHITECTURE.md")?.text.match(/^\| `.*$/gm);
    const folders = ["src", "assembly", "test", "bench"].flatMap((top) =>
      sourceFiles(top).map((file) => file.split("/").slice(0, top === "src" ? 2 : 1)),
    );
    const wanted = folders.filter((path) => !path.at(-1)?.includes("."));
    const silent = new Set(wanted.map((path) => `${path.join("/")}/`));
    for (const row of rows ?? []) {
      const [, names = ""] = row.split("|");
      for (const [, name = ""] of names.matchAll(/`([^`]+)`/g)) silent.delete(name);
    }
    assert.deepEqual([...silent], []);
  });

  test("begin with the two commands that a fresh clone needs", () => {
    const blocks = documents[0]?.fences.filter(({ language }) => language === "sh");
    assert.deepEqual(
      blocks?.map(({ lines }) => lines),
      [["npm ci && npm run demo"], ["npm ci && npm test"]],
    );
  });

  for (const { name, fences } of documents) {
    const consoles = fences.filter(({ language }) => language === "console");
    for (const fence of consoles) {
      const commands = commandsOf(fence);
      const skip = thorough
        ? fence.note === "debian" && debianReason()
        : "long: only in a thorough run";
      test(`${name}: ${commands[0]?.text}`, { skip }, () => {
        const printed = outputs(commands, folder);
        assert.equal(printed.length, commands.length);
        for (const [index, { text, prints }] of commands.entries()) {
          assert.match(printed[index] ?? "", pattern(prints), text);
        }
      });
    }
  }
});
