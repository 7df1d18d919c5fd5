// Tests where a whole kernel's events are kept: a ring gives the newest of them, a file all.

import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Misuse } from "../../src/errors.ts";
import { EventStore, RETURNS } from "../../src/observe/event-store.ts";
import { temporaryDirectory } from "../cli/farjal.ts";

const LATE = 2 ** 40;

function fill(store: EventStore, count: number): void {
  for (let index = 0; index < count; index += 1) {
    store.add(0x80000000 + index, 0xffffffff, LATE + index, LATE, RETURNS + 7, index % 3);
  }
}

suite("the store of events", () => {
  test("a ring keeps the newest, and counts what it overwrote", () => {
    const store = EventStore.ring(100);
    fill(store, 99);
    assert.deepEqual([store.length, store.overruns], [99, 0]);
    fill(store, 6);
    assert.deepEqual([store.written, store.length, store.overruns], [105, 100, 5]);
    const ips = [...store].map(({ ip }) => ip - 0x80000000);
    assert.deepEqual([ips.length, ips[0], ips[93], ips[94], ips[99]], [100, 5, 98, 0, 5]);
  });

  test("a file keeps all, and is read as often as wanted", (context) => {
    const store = EventStore.file(join(temporaryDirectory(context), "events"));
    context.after(() => store.close());
    const count = (1 << 15) * 2 + 5;
    fill(store, count);
    for (let round = 0; round < 2; round += 1) {
      let index = 0;
      for (const record of store) {
        if (record.ip !== 0x80000000 + index || record.time !== LATE + index) assert.fail();
        index += 1;
      }
      assert.equal(index, count);
    }
    assert.deepEqual([...store].at(-1), {
      ip: 0x80000000 + count - 1,
      parent: 0xffffffff,
      time: LATE + count - 1,
      entered: LATE,
      returns: true,
      depth: 7,
      task: (count - 1) % 3,
    });
  });

  test("a file that can't be made is refused", () => {
    assert.throws(() => EventStore.file("/nowhere/events"), Misuse);
  });
});
