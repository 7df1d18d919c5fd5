// Tests a userland on Debian's kernel: a busybox shell on the console, driven by a script; the same machine continued
// from a snapshot, byte for byte; a restored machine that reboots; and commands in the kernel that openLinux() runs.
// What the guest computes is compared with what the host computes.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import { Board } from "../../src/board/board.ts";
import { InputRecorder, InputReplay, readInputRecording } from "../../src/board/input-recording.ts";
import { Linux } from "../../src/board/linux.ts";
import { readScript, ScriptedRun } from "../../src/board/script.ts";
import { boardOf, saveBoard } from "../../src/board/snapshot.ts";
import { utf8 } from "../../src/bytes/text.ts";
import type { Engine } from "../../src/processor/engine.ts";
import { busybox, busyboxSkip } from "../support/debian.ts";
import { debianImage } from "../support/debian-boot.ts";
import { userland } from "../support/userland.ts";

const PROMPT = "/ # ";
const APPEND = "console=ttyS0 quiet nokaslr cryptomgr.notests panic=-1";
/** Seconds of real time that a run may take on a busy machine. */
const LIMIT = 300;

/** Sends a line, which must fit on the terminal's line, to the shell. @returns what it printed until its next prompt. */
function shell(board: Board, line: string): string {
  board.console.clear();
  board.console.send(`${line}\r`);
  assert.equal(board.run({ until: `\n${PROMPT}`, timeLimit: LIMIT }), "until");
  const [, ...lines] = board.console.text.split("\r\n");
  return lines.slice(0, -1).join("\n");
}

suite("a shell on the board", { skip: busyboxSkip }, () => {
  let snapshot: Uint8Array;
  const restored = (engine: Engine = "interpreter") => boardOf(snapshot, { engine });
  const digest = createHash("sha256");

  before(async () => {
    const board = Board.create({ endian: "little" });
    board.load({ kernel: await debianImage(), initrd: userland(), append: APPEND });
    assert.equal(board.run({ until: PROMPT, timeLimit: LIMIT }), "until");
    snapshot = saveBoard(board);
    digest.update(readFileSync(busybox ?? ""));
  });

  test("computes what the host computes", () => {
    const board = restored();
    assert.equal(
      shell(board, "sha256sum /bin/busybox | cut -c 1-64; echo $((6 * 7))"),
      `${digest.digest("hex")}\n42`,
    );
    assert.equal(shell(board, "uname -m; ls /proc/1/exe > /dev/null && echo yes"), "mips\nyes");
  });

  test("sleeps in the guest's time, not in the host's", () => {
    const board = restored();
    const { now } = board;
    shell(board, "sleep 100");
    assert.ok(Math.abs((board.now - now) / board.clockRate - 100) < 0.5);
  });

  test("does the same from a snapshot as without one, to the last byte", () => {
    const work = "sleep 1; md5sum /proc/stat; head -c 64 /dev/urandom | md5sum";
    const straight = restored();
    shell(straight, "cat /proc/interrupts");
    const middle = saveBoard(straight);
    const expected = shell(straight, work);
    for (const engine of ["interpreter", "auto"] as const) {
      const board = boardOf(middle, { engine });
      assert.equal(shell(board, work), expected);
      assert.deepEqual(saveBoard(board), saveBoard(straight));
    }
  });

  test("is driven by a script", () => {
    const board = restored();
    const script = readScript('send echo one"two"\nexpect onetwo\nexpect / #\nsend poweroff -f\n');
    assert.equal(
      new ScriptedRun(board, script, "no such text").advance({ timeLimit: LIMIT }),
      "power-off",
    );
  });

  test("reboots after it was restored", () => {
    const board = restored();
    board.console.send("touch /tmp/here; reboot -f\r");
    assert.equal(board.run({ timeLimit: LIMIT }), "reset");
    board.reset();
    board.console.clear();
    assert.equal(board.run({ until: PROMPT, timeLimit: LIMIT }), "until");
    assert.equal(shell(board, "ls /tmp"), "");
  });

  test("does the same from a recording of keys, whose times a terminal gave", () => {
    const board = restored();
    const recorder = new InputRecorder(board, "");
    for (const key of "echo $((6*7)); sleep 1\r") {
      board.console.send(key);
      while (board.run({ idle: "return", instructions: 1_000_000 }) !== "idle");
      board.passTime(Math.floor(board.untilDue / 3)); // the next key comes before anything is due
    }
    board.run({ instructions: 2_000_000 });
    const again = restored("auto");
    const replay = new InputReplay(again, readInputRecording(recorder.text()), "");
    assert.equal(replay.advance({ timeLimit: LIMIT }), "replayed");
    assert.ok(replay.isSame && again.console.text.includes("\n42"), again.console.text);
    assert.deepEqual(saveBoard(again), saveBoard(board));
  });

  test("waits for a key when a terminal paces it", () => {
    const board = restored();
    const idle = () => board.run({ idle: "return", timeLimit: LIMIT });
    assert.equal(idle(), "idle");
    assert.ok(board.waiting && board.untilDue > 0);
    board.console.clear();
    board.console.send('echo o""k\r');
    for (let waits = 0; waits < 1000 && !board.console.text.includes("ok"); waits += 1) {
      assert.equal(idle(), "idle");
      board.passTime(Math.max(board.untilDue, 0));
    }
    assert.match(board.console.text, /\r\nok\r\n/);
  });
});

suite("commands in a running kernel", { skip: busyboxSkip }, () => {
  test("have an exit status and output", async () => {
    const linux = Linux.boot({ kernel: await debianImage(), initrd: userland() });
    assert.deepEqual(linux.run("echo $((1 + 1)); cat /nowhere; exit 3"), {
      status: 3,
      output: "2\ncat: can't open '/nowhere': No such file or directory\n",
    });
    linux.write("/tmp/list", "b\na\n");
    assert.deepEqual(linux.run("sort /tmp/list > /tmp/sorted"), { status: 0, output: "" });
    assert.equal(utf8(linux.read("/tmp/sorted")), "a\nb\n");
    assert.deepEqual(linux.run("kill -9 $$"), { status: 137, output: "" });
    const again = Linux.restore(linux.save());
    assert.equal(again.run("cat /tmp/sorted").output, "a\nb\n");
  });
});
