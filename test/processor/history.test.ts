// Tests going back: at every place the state is the one that the forward run had there, to the last byte; breakpoints and
// watchpoints are met in the reverse order; what is kept is bounded. The forward run is the truth.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { boardTarget } from "../../src/board/debug-target.ts";
import { saveBoard } from "../../src/board/snapshot.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { Misuse } from "../../src/errors.ts";
import { Machine } from "../../src/lab/machine.ts";
import { bareRun } from "../../src/processor/bare-run.ts";
import { Debugger } from "../../src/processor/debugger.ts";
import { type Checkpoint, History, type Rewindable } from "../../src/processor/history.ts";
import type { Halt } from "../../src/processor/stop.ts";
import { pastBoard } from "../board/past.ts";
import { ENDIANS, Guest, R } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { stateDigest } from "./future.ts";

async function loaded(endian: Endian): Promise<Machine> {
  const machine = await Machine.create({ endian, memory: 16 << 20 });
  await machine.insmod(repositoryFile(`test/modules/built/modern-${endian}.ko`));
  return machine;
}

/** Searches the past to the end. */
function reversed(tool: Debugger): Halt {
  const search = tool.reverse();
  for (;;) {
    const { done, value } = search.next();
    if (done === true) return value;
  }
}

for (const endian of ENDIANS) {
  suite(`the past of a run, ${endian}-endian`, () => {
    test("has the states that the call had, and going on from there ends the same", async () => {
      const machine = await loaded(endian);
      machine.call("work_run", [5]); // kmalloc's first call sets up its heap
      const call = machine.start("work_run", [5]);
      const tool = new Debugger(call);
      tool.step(); // the words of a run that is over are part of the state
      assert.ok(tool.record({ every: 300 }));
      const random = new Random(3);
      const places: { readonly step: number; readonly state: string; readonly log: number }[] = [];
      let end = 1;
      for (let step = 1; step < 1500; step = end) {
        places.push({ step, state: stateDigest(machine.processor), log: machine.log.length });
        const steps = random.between(1, 100);
        tool.step(steps);
        end += steps;
      }
      let now = end;
      for (const { step, state, log } of places.toReversed()) {
        assert.equal(tool.reverseStep(now - step).reason, "steps");
        now = step;
        assert.equal(stateDigest(machine.processor), state, `step ${step}`);
        assert.equal(machine.log.length, log);
      }
      assert.equal(tool.reverseStep().reason, "begin");
      assert.equal(stateDigest(machine.processor), places[0]?.state);
      assert.equal(tool.runUntil().reason, "returned");
      const { v0, instructions } = call.result();
      call.close();
      const again = machine.call("work_run", [5]);
      assert.deepEqual([v0, instructions], [again.v0, again.instructions]);
    });

    test("meets breakpoints and watched accesses in the reverse order", async () => {
      const machine = await loaded(endian);
      const to = machine.memory.alloc(64);
      const call = machine.start("work_fill", [to, 40, 7]);
      const tool = new Debugger(call);
      tool.record({ every: 100 });
      tool.addWatchpoint({ address: to + 8, size: 4, kind: "write" });
      const met: string[] = [];
      while (tool.runUntil({ budget: 100_000 }).reason === "watchpoint") {
        tool.step(); // after the access, where the search back ends
        met.push(`${machine.processor.pc} ${machine.processor.count}`);
      }
      assert.equal(met.length, 4);
      const back: string[] = [];
      // From the function's last instruction: the connection of a debugger ends with the return.
      assert.equal(tool.reverseStep().reason, "steps");
      for (;;) {
        const halt = reversed(tool);
        if (halt.reason === "begin") break;
        assert.ok(halt.reason === "watchpoint" && halt.address >= to + 8 && halt.address < to + 12);
        back.push(`${machine.processor.pc} ${machine.processor.count}`);
        tool.reverseStep(); // undoes the access
      }
      assert.deepEqual(back, met.toReversed());
      assert.equal(machine.processor.count, call.started);

      const loop = Number(met[0]?.split(" ")[0]);
      tool.removeWatchpoint({ address: to + 8, size: 4, kind: "write" });
      tool.addBreakpoint(loop);
      const counts: number[] = [];
      while (tool.runUntil().reason === "breakpoint") counts.push(machine.processor.count);
      assert.equal(counts.length, 40);
      tool.reverseStep();
      const past: number[] = [];
      while (reversed(tool).reason === "breakpoint") past.push(machine.processor.count);
      assert.deepEqual(past, counts.toReversed());
      // Where a search back has ended, the next run goes on and isn't stopped by the same breakpoint.
      assert.equal(tool.runUntil().reason, "breakpoint");
      assert.equal(tool.runUntil().reason, "breakpoint");
      assert.equal(machine.processor.count, counts[1]);
      call.close();
    });

    test("of a board has its devices, its console and its clock", () => {
      const board = pastBoard(endian);
      const tool = new Debugger(boardTarget(board, null));
      tool.record({ every: 700 });
      const states = new Map<number, Uint8Array>();
      for (let step = 250; step < 5000; step += 250) {
        tool.step(250);
        states.set(step, saveBoard(board, { compressed: false }));
      }
      const text = board.console.text;
      assert.ok(text.length > 100);
      for (const [step, state] of [...states].toReversed()) {
        tool.reverseStep(board.instructions - step);
        assert.deepEqual(saveBoard(board, { compressed: false }), state, `step ${step}`);
      }
      tool.step(4500);
      assert.equal(board.console.text, text);
    });
  });
}

suite("the history of a run", () => {
  test("begins anew where a debugger has changed something", async () => {
    const machine = await loaded("little");
    const call = machine.start("work_signed", [-100, 7]);
    const tool = new Debugger(call);
    tool.record();
    tool.step(3);
    machine.processor.setGpr(R.t0, 1);
    tool.changed();
    tool.step(2);
    assert.equal(tool.reverseStep(2).reason, "steps");
    assert.equal(tool.reverseStep().reason, "begin");
    assert.equal(machine.processor.count, call.started + 3);
    call.close();
  });

  test("isn't there for a traced call and a bare processor", async () => {
    const machine = await loaded("little");
    machine.trace();
    const call = machine.start("work_run", [5]);
    assert.ok(!new Debugger(call).record());
    call.close();
    const bare = new Debugger(bareRun(new Guest("little").core));
    assert.ok(!bare.record());
    assert.throws(() => bare.reverseStep(), Misuse);
    assert.throws(() => bare.reverse().next(), Misuse);
  });

  test("a search that is ended early leaves the guest where it was", async () => {
    const machine = await loaded("little");
    const call = machine.start("work_fibonacci", [22]);
    const tool = new Debugger(call);
    tool.record({ every: 100_000 });
    tool.addBreakpoint(machine.addressOf("work_checksum") ?? 0); // never called
    tool.step(300_000);
    const state = stateDigest(machine.processor);
    const search = tool.reverse();
    search.next();
    search.return({ reason: "steps" });
    assert.equal(stateDigest(machine.processor), state);
    assert.equal(reversed(tool).reason, "begin");
    call.close();
  });

  /** A target whose state is its place. */
  function counter(pageSize: number) {
    let steps = 0;
    let [rewinds, kept, most] = [0, 0, 0];
    const target: Rewindable = {
      get steps() {
        return steps;
      },
      advance: (more) => {
        steps += more;
        most = Math.max(most, more);
        return { reason: "steps" };
      },
      checkpoint: () => {
        kept += 1;
        return { steps, pages: [new Uint8Array(pageSize)] };
      },
      rewind: (checkpoint: Checkpoint) => {
        rewinds += 1;
        steps = checkpoint.steps;
      },
    };
    return { target, counts: () => ({ rewinds, kept, most }) };
  }

  test("keeps few checkpoints of a long run, and all of it", () => {
    const { target, counts } = counter(1);
    const history = new History(target, { every: 1000 });
    history.advance(10_000_000);
    assert.ok(counts().kept < 32 + 16 * 10, String(counts().kept));
    assert.equal(history.first, 0);
    for (const place of [9_999_999, 5_000_000, 12_345, 1, 0]) {
      history.goTo(place);
      assert.equal(target.steps, place);
    }
    history.advance(20_000_000);
    assert.equal(target.steps, 20_000_000);
  });

  test("forgets its beginning when the checkpoints hold too much", () => {
    const { target } = counter(1000);
    const history = new History(target, { every: 10, bytes: 4500 });
    history.advance(100);
    assert.ok(history.first >= 50 && history.first <= 70, String(history.first));
    history.goTo(0);
    assert.equal(target.steps, history.first);
  });
});
