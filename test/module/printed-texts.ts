// Reads the kernel's lines out of the loader's sources: the texts that the code prints, so that a test can check each
// of them. It knows the names of the printing functions, and no line.
import { readFileSync } from "node:fs";
import ts from "@typescript/typescript6";
import { repositoryFile, sourceFiles } from "../support/repository.ts";

/** By a function's name, which of its arguments is a line of the kernel's. */
const PRINTERS: Readonly<Record<string, number>> = {
  print: 0,
  force: 0,
  taint: 1,
  taintLocks: 1,
  "dmesg.push": 0,
  refuse: 0, // the ELF reader's
  "#refuse": 1, // a relocation's
  bad: 0, // a signature's
};

export interface PrintedText {
  readonly file: string;
  /** The text's pieces; a value is inserted between two of them. */
  readonly parts: readonly string[];
}

/** The texts that the loader's sources print for the kernel. */
export function printedTexts(): PrintedText[] {
  const modules = sourceFiles("src/module");
  return ["src/elf/reader.ts", ...modules].flatMap((file) => {
    const text = readFileSync(repositoryFile(file), "utf8");
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    return nodesOf(source)
      .flatMap(lineIn)
      .flatMap((line) => textsOf(line, source))
      .map((parts) => ({ file, parts }));
  });
}

function nodesOf(node: ts.Node): ts.Node[] {
  const nodes = [node];
  ts.forEachChild(node, (child) => void nodes.push(...nodesOf(child)));
  return nodes;
}

/** The expression that is a line: a printer's argument, or an element of a dmesg. */
function lineIn(node: ts.Node): ts.Expression[] {
  if (ts.isCallExpression(node)) {
    const [printer] = Object.entries(PRINTERS).filter(([name]) => {
      const called = node.expression.getText();
      return called === name || called.endsWith(`.${name}`);
    });
    const line = printer && node.arguments[printer[1]];
    return line === undefined ? [] : [line];
  }
  const made = ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node);
  if (!made || node.name.getText() !== "dmesg" || node.initializer === undefined) return [];
  return [node.initializer];
}

/** The texts of an expression; a name is replaced by its declaration. */
function textsOf(expression: ts.Expression, source: ts.SourceFile): string[][] {
  if (ts.isStringLiteralLike(expression)) return [[expression.text]];
  if (ts.isTemplateExpression(expression)) {
    const spans = expression.templateSpans.map(({ literal }) => literal.text);
    return [[expression.head.text, ...spans]];
  }
  if (ts.isArrayLiteralExpression(expression)) {
    return expression.elements.flatMap((element) => textsOf(element, source));
  }
  if (!ts.isIdentifier(expression)) return [];
  return nodesOf(source).flatMap((node) => {
    const isIt = ts.isVariableDeclaration(node) && node.name.getText() === expression.text;
    const value = isIt ? node.initializer : undefined;
    return value === undefined || ts.isIdentifier(value) ? [] : textsOf(value, source);
  });
}
