#!/usr/bin/env node
// What npm installs as the command `farjal`: it checks Node's version before anything is imported, because a Node
// older than package.json's engines can't parse the program's own files. So this file is a CommonJS script in syntax
// that every Node parses; index.ts is the program.

const { engines } = require("../../../package.json");
const oldest = engines.node.replace(/\D+/g, "");
if (Number(process.versions.node.split(".")[0]) >= Number(oldest)) {
  import("./index.js");
} else {
  const found = process.versions.node;
  process.stderr.write(`error: farjal needs Node ${oldest} or newer, and this is Node ${found}\n`);
  process.exitCode = 2;
}
