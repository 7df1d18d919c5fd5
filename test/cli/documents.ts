// Holds the documents that --json prints to the schemas that the package contains. A command's document is as its schema
// says, or as error.schema.json says when a refusal or a wrong call takes its place.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { repositoryFile } from "../support/repository.ts";

const FOLDER = repositoryFile("schemas");
const SUFFIX = ".schema.json";
const ERROR = "error";

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
const names = readdirSync(FOLDER).map((file) => file.slice(0, -SUFFIX.length));
for (const name of names) {
  const text = readFileSync(join(FOLDER, `${name}${SUFFIX}`), "utf8");
  ajv.addSchema(JSON.parse(text) as object, name);
}

/** The commands that have a schema. */
export const DESCRIBED = names.filter((name) => name !== ERROR);

/** Whether a document is what a command prints when nothing is wrong. */
export function isDocumentOf(command: string, json: unknown): boolean {
  return ajv.validate(command, json);
}

/** Asserts that a document is one that the command may print. */
export function assertDocument(command: string, json: unknown): void {
  if (ajv.validate(ERROR, json)) return;
  assert.ok(ajv.validate(command, json), `farjal ${command}: ${ajv.errorsText(ajv.errors)}`);
}
