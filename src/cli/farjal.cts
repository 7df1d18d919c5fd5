#!/usr/bin/env node
// What npm installs as the command `farjal`: it checks Node's version before anything is imported, because a Node
// older than package.json's engines can't parse the program's own files. So this file is a CommonJS script in syntax
// that every Node parses; index.ts is the program.
// It also says so when the program's own files can't be opened.

const { engines } = require("../../../package.json");
const oldest = engines.node.replace(/\D+/g, "");
if (Number(process.versions.node.split(".")[0]) >= Number(oldest)) {
  import("./index.js").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EMFILE" && error.code !== "ENFILE") throw error;
    process.stderr.write(
      "error: farjal's own files can't be opened: too many open files; raise the limit (ulimit -n), 64 are enough\n",
    );
    process.exitCode = 2;
  });
} else {
  const found = process.versions.node;
  process.stderr.write(`error: farjal needs Node ${oldest} or newer, and this is Node ${found}\n`);
  process.exitCode = 2;
}
