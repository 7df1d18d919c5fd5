// Tests the names that a trace keeps: those of unloaded modules stay as long as a record can refer to them, and no
// longer.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type SymbolTable, symbolTable } from "../../src/ftrace/symbol-table.ts";
import { TraceNames } from "../../src/ftrace/trace-names.ts";

const KERNEL = symbolTable(null, [{ name: "start_kernel", address: 0x80100000, end: 0x80200000 }]);

/** A module of one function at an address that all of them share. */
function moduleTable(name: string): SymbolTable {
  return symbolTable(name, [{ name: `${name}_run`, address: 0xc0000000, end: 0xc0000100 }]);
}

suite("a trace's names", () => {
  test("of an unloaded module stay while records may refer to them", () => {
    const names = new TraceNames();
    const module = moduleTable("one");
    names.update([module, KERNEL], 0, 0);
    names.update([KERNEL], 5, 0);
    assert.equal(names.at(0xc0000010)?.name, "one_run");
    assert.equal(names.at(0x80100004)?.name, "start_kernel");
    names.update([KERNEL], 100, 4);
    assert.equal(names.at(0xc0000010)?.name, "one_run");
    names.update([KERNEL], 101, 5);
    assert.equal(names.at(0xc0000010), undefined);
  });

  test("of a module without records are removed with it", () => {
    const names = new TraceNames();
    names.update([KERNEL], 7, 0);
    names.update([moduleTable("one"), KERNEL], 7, 0);
    names.update([KERNEL], 7, 0);
    assert.equal(names.at(0xc0000010), undefined);
  });

  test("come from the module at the address now, else from the last one that was there", () => {
    const names = new TraceNames();
    names.update([moduleTable("one")], 0, 0);
    names.update([moduleTable("two")], 1, 0);
    assert.equal(names.at(0xc0000010)?.module, "two");
    names.update([], 2, 0);
    assert.equal(names.at(0xc0000010)?.module, "two");
    names.update([], 3, 1);
    assert.equal(names.at(0xc0000010)?.module, "two");
  });

  test("are all kept while records of any time may be read", () => {
    const names = new TraceNames();
    names.update([moduleTable("one")], 0, 0);
    names.update([], 1, 0);
    names.keepAll();
    names.update([], 1000, 900);
    assert.equal(names.at(0xc0000010)?.module, "one");
    names.start();
    assert.equal(names.at(0xc0000010), undefined);
  });
});
