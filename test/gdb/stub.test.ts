// Tests the answers to single packets, in both byte orders: registers and memory in the guest's order; an error or
// the empty answer for every kind of invalid packet.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { REGISTERS } from "../../src/gdb/registers.ts";
import { Stub } from "../../src/gdb/stub.ts";
import { bareRun } from "../../src/processor/bare-run.ts";
import { Debugger } from "../../src/processor/debugger.ts";
import { asm, CODE, DATA, ENDIANS, Guest, NOP, R } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";

class Session extends Guest {
  readonly tool = new Debugger(bareRun(this.core));
  readonly stub = new Stub(this.tool);

  /** The answer's text, or another description of the result. */
  ask(packet: string): string {
    const answer = this.stub.answer(Buffer.from(packet, "latin1"));
    if (answer.kind === "reply") return Buffer.from(answer.body).toString("latin1");
    return answer.kind === "run" ? `run ${answer.steps}` : answer.kind;
  }
}

for (const endian of ENDIANS) {
  const word = (value: number): string => {
    const bytes = Buffer.alloc(4);
    if (endian === "big") bytes.writeUInt32BE(value);
    else bytes.writeUInt32LE(value);
    return bytes.toString("hex");
  };

  suite(`gdb's packets, ${endian}-endian`, () => {
    test("registers are read and written one by one and all at once", () => {
      const session = new Session(endian);
      session.core.pc = CODE;
      assert.equal(session.ask(`P4=${word(0x12345678)}`), "OK");
      assert.equal(session.core.gpr(R.a0), 0x12345678);
      assert.equal(session.ask("p4"), word(0x12345678));
      assert.equal(session.ask("p25"), word(CODE));
      assert.equal(session.ask("p26"), "xxxxxxxx");
      const all = session.ask("g");
      assert.equal(all.length, 8 * REGISTERS);
      assert.equal(all.slice(32, 40), word(0x12345678));
      const changed = `${all.slice(0, 64)}${word(7)}${all.slice(72)}`;
      assert.equal(session.ask(`G${changed}`), "OK");
      assert.equal(session.core.gpr(8), 7);
      assert.equal(session.ask(`P0=${word(1)}`), "OK");
      assert.equal(session.core.gpr(0), 0);
    });

    test("going back is offered and done only where there is a history", () => {
      const { core } = new Session(endian);
      const bare = new Session(endian);
      assert.doesNotMatch(bare.ask("qSupported:swbreak+"), /Reverse/);
      assert.equal(bare.ask("bs"), "");
      assert.equal(bare.ask("bc"), "");
      const target = bareRun(core);
      const place = { steps: 0, pages: [] };
      const rewindable = {
        steps: 0,
        advance: target.advance,
        checkpoint: () => place,
        rewind() {},
      };
      const tool = new Debugger({ ...target, rewindable });
      assert.ok(tool.record());
      const stub = new Stub(tool);
      const ask = (packet: string) => stub.answer(Buffer.from(packet));
      assert.match(JSON.stringify(ask("qSupported:")), /;ReverseStep\+;ReverseContinue\+/);
      assert.deepEqual(ask("bs"), { kind: "reverse", step: true });
      assert.deepEqual(ask("bc"), { kind: "reverse", step: false });
      assert.deepEqual(ask("bx"), { kind: "reply", body: "" });
      assert.equal(stub.stopped({ reason: "begin" }, false), "T05replaylog:begin;thread:1;");
    });

    test("writing the same pc keeps the delay slot, another pc ends it", () => {
      const session = new Session(endian);
      session.run([asm("beq", R.zero, R.zero, 5), NOP], 1);
      assert.equal(session.ask(`G${session.ask("g")}`), "OK");
      assert.deepEqual([session.core.pc, session.core.inDelaySlot], [CODE + 4, true]);
      session.ask(`P25=${word(CODE)}`);
      assert.deepEqual([session.core.pc, session.core.inDelaySlot], [CODE, false]);
    });

    test("reads return memory as far as it is mapped, and writes are complete or refused", () => {
      const session = new Session(endian);
      session.core.mapPages(0xc0000000, DATA & 0xfffff, 0x1000, true);
      assert.equal(session.ask("Mc0000001,3:010203"), "OK");
      assert.deepEqual(session.bytes(0xc0000000, 4), [0, 1, 2, 3]);
      assert.equal(session.ask("mc0000000,4"), "00010203");
      assert.equal(session.ask("mffffffffc0000001,1"), "01");
      assert.equal(session.ask("mc0000ffe,8"), "0000");
      assert.equal(session.ask("mc0001000,1"), "E0e");
      assert.equal(session.ask("Mc0000ffe,4:01020304"), "E0e");
      assert.deepEqual(session.bytes(0xc0000ffe, 2), [0, 0]);
      assert.equal(session.ask("Xc0000004,2:\x00\xff"), "OK");
      assert.deepEqual(session.bytes(0xc0000004, 2), [0, 255]);
      assert.equal(session.ask("Xc0000000,0:"), "OK");
    });

    test("a large read is limited to a packet", () => {
      const session = new Session(endian);
      assert.equal(session.ask("m80000000,ffffffff").length, 0x4000);
      assert.equal(session.ask("mfffffffe,10"), "E0e");
    });

    test("breakpoints and watchpoints can be set and removed, even twice", () => {
      const session = new Session(endian);
      for (const packet of [
        "Z0,80001000,4",
        "Z0,80001000,4",
        "Z2,80008000,4",
        "Z3,0,1",
        "Z4,10,8",
      ]) {
        assert.equal(session.ask(packet), "OK");
      }
      assert.deepEqual(session.tool.breakpoints, [CODE]);
      assert.deepEqual(
        session.tool.watchpoints.map(({ kind }) => kind),
        ["write", "read", "access"],
      );
      for (const packet of ["z0,80001000,4", "z2,80008000,4", "z3,0,1", "z4,10,8", "z1,0,4"]) {
        assert.equal(session.ask(packet), "OK");
      }
      assert.deepEqual([session.tool.breakpoints, session.tool.watchpoints], [[], []]);
    });

    test("the halt reason has gdb's form", () => {
      const session = new Session(endian);
      const { stub, tool } = session;
      session.put(CODE, asm("sw", R.v0, 0, R.a0), 0xffffffff);
      session.core.setGpr(R.a0, DATA);
      session.core.pc = CODE;
      tool.addWatchpoint({ address: DATA, size: 1, kind: "write" });
      assert.equal(session.ask("?"), "T05thread:1;");
      assert.equal(stub.stopped(tool.step(9), false), "T05watch:80008000;thread:1;");
      assert.equal(stub.stopped(tool.step(1), false), "T05thread:1;");
      assert.equal(stub.stopped(tool.step(1), false), "T04thread:1;");
      assert.equal(session.ask("?"), "T04thread:1;");
      assert.equal(stub.stopped({ reason: "steps" }, true), "T02thread:1;");
      assert.equal(stub.stopped({ reason: "returned" }, false), "W00");
    });

    test("packets that continue the run give their extent", () => {
      const session = new Session(endian);
      assert.equal(session.ask("c"), "run Infinity");
      assert.equal(session.ask("s80001000"), "run 1");
      assert.equal(session.core.pc, CODE);
      assert.equal(session.ask("C05"), "run Infinity");
      assert.equal(session.ask("S05;80001004"), "run 1");
      assert.equal(session.core.pc, CODE + 4);
      assert.equal(session.ask("vCont;c"), "run Infinity");
      assert.equal(session.ask("vCont;s:1;c"), "run 1");
      assert.deepEqual(
        [session.ask("D"), session.ask("k"), session.ask("vKill;1")],
        ["detach", "kill", "kill"],
      );
    });

    test("the target's description is sent in pieces that fit together", () => {
      const session = new Session(endian);
      let text = "";
      for (;;) {
        const piece = session.ask(`qXfer:features:read:target.xml:${text.length.toString(16)},100`);
        text += piece.slice(1);
        if (piece[0] === "l") break;
        assert.equal(piece.length, 0x101);
      }
      assert.match(text, /^<\?xml[\s\S]*<\/target>\n$/);
      assert.equal(text.match(/<reg /g)?.length, REGISTERS);
      assert.equal(session.ask("qXfer:features:read:other.xml:0,100"), "E00");
      assert.equal(session.ask("qXfer:features:read:target.xml:ffffffff,100"), "l");
    });

    test("an invalid packet gets an error or the empty answer", () => {
      const session = new Session(endian);
      const errors = [
        "m", "m,", "mzz,4", "m80000000", "m123456789,4", "M80000000,4:12", "M80000000,1:xy",
        "M80000000,ffffffff:00", "X80000000,5:ab", "P4=12", "P4", "P48=00000000", "pffff", "G12",
        `G${"0".repeat(8 * 73)}`, "Z0,80001001,4", "Z2,80008000,0", "Z2,ffffffff,ffffffff", "Z0",
        "cnowhere", "qXfer:__proto__:read:target.xml:0,10",
      ]; // biome-ignore format: a list
      for (const packet of errors) assert.match(session.ask(packet), /^E[0-9a-f]{2}$/, packet);
      for (const packet of [
        "",
        "!",
        "vMustReplyEmpty",
        "vCont",
        "vCont;t",
        "qRcmd,00",
        "R00",
        "Z9,0,4",
        // Names that every object has.
        "Z__proto__,80001000,4",
        "Zconstructor,80001000,4",
        "ztoString,80001000,4",
        "q__proto__",
        "vconstructor",
      ]) {
        assert.equal(session.ask(packet), "", packet);
      }
      for (let index = 0; index < 2000; index += 1) session.ask(`Z0,${(index * 4).toString(16)},4`);
      assert.equal(session.tool.breakpoints.length, 1024);
    });

    test("random packets never cause an error in farjal", () => {
      const random = new Random(99);
      const session = new Session(endian);
      session.core.pc = CODE;
      const letters = "?gGpPmMXcsCSZzHTDkvqQ0123456789abcdef,;:=xF\x00\xff";
      for (let round = 0; round < 5000; round += 1) {
        const length = random.below(24);
        session.ask(Array.from({ length }, () => letters[random.below(letters.length)]).join(""));
      }
      assert.equal(session.core.gpr(0), 0);
    });
  });
}
