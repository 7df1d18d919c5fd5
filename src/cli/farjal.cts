#!/usr/bin/env node
// What npm installs as the command `farjal`: it looks at Node's version before anything is imported, because
// the program's own files don't parse on a Node that is older than package.json's engines. So this file is a
// CommonJS script in syntax that every Node reads; index.ts is the program.

const { engines } = require("../../../package.json");
const oldest = engines.node.replace(/\D+/g, "");
if (Number(process.versions.node.split(".")[0]) >= Number(oldest)) {
  import("./index.js");
} else {
  const found = process.versions.node;
  process.stderr.write(`error: farjal needs Node ${oldest} or newer, and this is Node ${found}\n`);
  process.exitCode = 2;
}
