// Tests the network card with Debian's own driver: it is found as on QEMU's Malta, and two boards with a cable between
// them reach each other, by ping and by a TCP connection whose data arrive whole.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import { Board } from "../../src/board/board.ts";
import type { BootImage } from "../../src/board/boot-image.ts";
import { EthernetLink } from "../../src/board/ethernet-link.ts";
import { boardOf, saveBoard } from "../../src/board/snapshot.ts";
import { busybox, busyboxSkip, debian } from "../support/debian.ts";
import { debianImage } from "../support/debian-boot.ts";
import { masked, qemuConsole, qemuSkip } from "../support/qemu-malta.ts";
import { userland } from "../support/userland.ts";

const LIMIT = 300;
const APPEND = "console=ttyS0 quiet nokaslr cryptomgr.notests panic=-1";
const NETWORK = "52:54:00:12:34:56";
const PROMPT = "/ # ";
const SCRIPT = `echo BEGIN
insmod /mii.ko
insmod /pcnet32.ko
dmesg | grep pcnet32
cat /sys/bus/pci/devices/0000:00:0b.0/resource
ip link set eth0 up
cat /sys/class/net/eth0/address /sys/class/net/eth0/carrier
echo END
`;

function lines(console: string): string[] {
  const all = masked(console).filter((line) => !/random:/.test(line));
  return all.slice(all.indexOf("BEGIN"), all.indexOf("END") + 1);
}

suite("a network card on the board, with Debian's driver", { skip: busyboxSkip }, () => {
  let kernel: BootImage;
  const files = () => ({
    "/mii.ko": readFileSync(debian?.module("mii") ?? ""),
    "/pcnet32.ko": readFileSync(debian?.module("pcnet32") ?? ""),
  });
  const boot = (script: string) => {
    const board = Board.create({ endian: "little", network: NETWORK });
    const initrd = userland({ ...files(), "/script": Buffer.from(script) });
    board.load({ kernel, initrd, append: APPEND });
    return { board, initrd };
  };

  before(async () => {
    kernel = await debianImage();
  });

  test("is found as on QEMU's Malta", { skip: qemuSkip }, () => {
    const { board, initrd } = boot(`${SCRIPT}poweroff -f\n`);
    assert.equal(board.run({ timeLimit: LIMIT }), "power-off");
    const nic = ["-nic", `hubport,hubid=0,model=pcnet,mac=${NETWORK}`];
    const options = [...nic, "-global", "pcnet.romfile="]; // Debian packages the ROM apart from QEMU
    const theirs = lines(qemuConsole({ image: kernel, append: APPEND, initrd, options }));
    assert.ok(theirs.length > 10 && theirs.includes(NETWORK), theirs.join("\n"));
    assert.deepEqual(lines(board.console.text), theirs);
  });

  test("connects two boards", () => {
    const { board } = boot(SCRIPT);
    assert.equal(board.run({ until: PROMPT, timeLimit: LIMIT }), "until");
    const saved = saveBoard(board, { compressed: false });
    const boards = [1, 2].map(() => boardOf(saved, { network: NETWORK })) as [Board, Board];
    const link = new EthernetLink(boards[0], boards[1]);
    const shell = (on: Board, line: string, seconds: number): void => {
      on.console.send(`${line}\r`);
      assert.equal(link.run(seconds), null);
    };
    boards.forEach((one, index) => {
      shell(one, "ip link set eth0 down", 0.2);
      shell(one, `ip link set eth0 address 52:54:00:00:00:0${index + 1}`, 0.2);
      shell(one, `ip addr add 10.0.0.${index + 1}/24 dev eth0; ip link set eth0 up`, 1);
    });
    shell(boards[0], "ping -c 2 10.0.0.2", 3);
    assert.match(
      boards[0].console.text,
      /2 packets transmitted, 2 packets received, 0% packet loss/,
    );
    shell(boards[1], "nc -l -p 99 | sha256sum", 0.5);
    shell(boards[0], "head -c 400000 /bin/busybox | nc 10.0.0.2 99", 3);
    const digest = createHash("sha256").update(readFileSync(busybox ?? "").subarray(0, 400_000));
    assert.match(boards[1].console.text, new RegExp(digest.digest("hex")));
  });
});
