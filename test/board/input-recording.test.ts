// Tests recordings of a board's input: a replay ends as the recorded run did, to the last byte, however the time was
// divided, and recordings of another machine or with false data are refused.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Board } from "../../src/board/board.ts";
import { InputRecorder, InputReplay, readInputRecording } from "../../src/board/input-recording.ts";
import { saveBoard } from "../../src/board/snapshot.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { asm, ENDIANS, li, NOP, R } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { boardWith, RESULT } from "./program.ts";

/** A guest that prints what it receives, and stores the time at which each byte came. */
function echo(endian: Endian): Board {
  return boardWith(endian, [
    ...li(R.s0, 0xb80003f8),
    ...li(R.s1, RESULT),
    asm("lbu", R.t1, 5, R.s0), // LSR
    asm("andi", R.t1, R.t1, 1),
    asm("beq", R.t1, R.zero, -3),
    asm("mfc0", R.t2, 9, 0), // Count
    asm("sw", R.t2, 0, R.s1),
    asm("addiu", R.s1, R.s1, 4),
    asm("lbu", R.t1, 0, R.s0),
    asm("beq", R.zero, R.zero, -8),
    asm("sb", R.t1, 0, R.s0),
    NOP,
  ]);
}

/** A run with input at random times. */
function recorded(endian: Endian): { readonly board: Board; readonly text: string } {
  const random = new Random(3);
  const board = echo(endian);
  const recorder = new InputRecorder(board, "machine");
  for (let piece = 0; piece < 20; piece += 1) {
    board.run({ instructions: random.below(2000) });
    board.console.send(`piece ${piece} `.repeat(1 + random.below(4)));
  }
  board.run({ instructions: 5000 });
  return { board, text: recorder.text() };
}

for (const endian of ENDIANS) {
  test(`a replay is the recorded run, ${endian}-endian`, () => {
    const { board, text } = recorded(endian);
    const again = echo(endian);
    const replay = new InputReplay(again, readInputRecording(text), "machine");
    assert.equal(replay.isSame, false);
    assert.equal(replay.advance({ timeLimit: 0 }), "time");
    assert.equal(replay.advance({}), "replayed");
    assert.ok(replay.isSame);
    assert.ok(again.console.text.includes("piece 19"));
    assert.deepEqual(saveBoard(again), saveBoard(board));
  });
}

suite("a recording's text", () => {
  const { text } = recorded("little");
  const changed = (line: number, change: (value: Record<string, unknown>) => void): string =>
    text
      .split("\n")
      .map((one, index) => {
        if (index !== line) return one;
        const value = JSON.parse(one) as Record<string, unknown>;
        change(value);
        return JSON.stringify(value);
      })
      .join("\n");

  test("is refused when it is of another machine, or no recording", () => {
    const recording = readInputRecording(text);
    assert.throws(() => new InputReplay(echo("little"), recording, "other"), /another machine/);
    for (const none of ["", "{}", "null", "x\ny", "[]"]) {
      assert.throws(() => readInputRecording(none), /no recording of farjal's/);
    }
    const other = changed(0, (value) => Object.assign(value, { version: 2 }));
    assert.throws(() => readInputRecording(other), /of version 2; this farjal reads 1/);
  });

  test("is refused when its times or its input are damaged", () => {
    for (const clock of [-1, 0.5, "1", null, 1e300]) {
      const bad = changed(2, (value) => Object.assign(value, { clock }));
      assert.throws(() => readInputRecording(bad), /recording is damaged/, String(clock));
    }
    assert.throws(
      () => readInputRecording(changed(1, (value) => Object.assign(value, { clock: 1e9 }))),
      /damaged/,
    );
    assert.throws(() => readInputRecording(text.split("\n").slice(0, 1).join("\n")), /damaged/);
    const input = readInputRecording(changed(1, (value) => Object.assign(value, { input: "!" })));
    const replay = new InputReplay(echo("little"), input, "machine");
    assert.throws(() => replay.advance({}), /damaged/);
  });
});
