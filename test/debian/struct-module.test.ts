// Tests that `load` knows sizeof(struct module) of a kernel since 6.4 by the modules installed with it, and refuses one
// that has another in the kernel's words, though it is the first module that is loaded.

import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Words } from "../../src/bytes/words.ts";
import { readElf } from "../../src/elf/reader.ts";
import { splitSignature } from "../../src/module/file/signature.ts";
import { readModuleBytes } from "../../src/module/file/source.ts";
import { farjalJson, temporaryDirectory } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";

const root = repositoryFile(".cache/debian/5kc-malta-backports");
const skip = existsSync(join(root, "Module.symvers"))
  ? false
  : "Debian's newer 5kc-malta kernel isn't here: run test/debian/fetch.sh";
/** e_shoff, and sh_size of a 64-byte section header. */
const [SHOFF, SHDR, SH_SIZE] = [40, 64, 32];

test("a module with another struct module is refused by load", { skip }, async (context) => {
  const kernel = readdirSync(join(root, "boot")).find((name) => name.startsWith("vmlinuz-")) ?? "";
  const release = kernel.slice("vmlinuz-".length);
  const original = join(root, "lib/modules", release, "kernel/lib/crc16.ko.xz");
  const words = ["--kernel", join(root, "boot", kernel)];
  assert.equal(farjalJson(["load", original, ...words]).json.verdict, "loads");

  const { image } = splitSignature(await readModuleBytes(original));
  const bytes = Uint8Array.from(image);
  const { sections } = readElf(bytes, { relocatable: true });
  const own = sections.find(({ name }) => name === ".gnu.linkonce.this_module");
  const file = new Words(bytes, "little");
  const header = Number(file.u64(SHOFF)) + SHDR * (own?.index ?? 0);
  file.setU64(header + SH_SIZE, BigInt((own?.size ?? 0) - 64));
  const path = join(temporaryDirectory(context), "crc16.ko");
  writeFileSync(path, bytes);
  const { code, json } = farjalJson(["load", path, ...words]);
  assert.deepEqual([code, json.errno], [1, "ENOEXEC"]);
  assert.match(
    json.dmesg.join("\n"),
    /^module crc16: \.gnu\.linkonce\.this_module section size must match the kernel's built struct module size at run time$/,
  );
});
