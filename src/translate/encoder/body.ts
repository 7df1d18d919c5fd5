// The body of one WebAssembly function, checked while it is written: operand types, labels, locals and nesting, by the
// specification's validation algorithm. A call that would make the module invalid throws, and an unfinished body gives
// no bytes. This file knows nothing of MIPS.

import {
  ATOMIC_PREFIX,
  BLOCK,
  BR,
  BR_IF,
  BR_TABLE,
  CALL,
  CALL_INDIRECT,
  DROP,
  ELSE,
  END,
  IF,
  LOCAL_GET,
  LOCAL_SET,
  LOOP,
  NO_RESULT,
  RETURN,
  SELECT,
  UNREACHABLE,
} from "../../../assembly/shared/wasm-opcodes.ts";
import { ByteReader, Bytes } from "./bytes.ts";
import { OPCODES, TYPE_BYTES, type ValueType } from "./opcodes.ts";

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** The target of branches: the end of a block or the begin of a loop. */
export class Label {
  readonly kind: "function" | "block" | "loop" | "if" | "else";
  readonly result: ValueType | null;
  /** The height of the operand stack below the label; the operands there belong to outer labels. */
  readonly height: number;
  /** After a branch that is always taken: any operand can be popped. */
  unreachable = false;

  constructor(kind: Label["kind"], result: ValueType | null, height: number) {
    this.kind = kind;
    this.result = result;
    this.height = height;
  }

  /** The type of the value that a branch to it carries. */
  get carries(): ValueType | null {
    return this.kind === "loop" ? null : this.result;
  }
}

export class Body {
  readonly #code = new Bytes();
  readonly #locals: readonly ValueType[];
  /** The functions that the body may call and the types of indirect calls, by the module's index. */
  readonly #functions: readonly FunctionType[];
  readonly #types: readonly FunctionType[];
  readonly #operands: ValueType[] = [];
  readonly #labels: Label[] = [];

  constructor(
    type: FunctionType,
    locals: readonly ValueType[],
    functions: readonly FunctionType[],
    types: readonly FunctionType[],
  ) {
    this.#locals = [...type.parameters, ...locals];
    this.#functions = functions;
    this.#types = types;
    this.#labels.push(new Label("function", type.results[0] ?? null, 0));
  }

  /** Writes an instruction that computes: an opcode of OPCODES, with its number or its alignment and offset. */
  op(code: number, first = 0, second = 0): void {
    const opcode = OPCODES.get(code);
    if (opcode === undefined) throw invalid(`opcode ${code.toString(16)} is not known`);
    const { name, takes, leaves, immediate } = opcode;
    for (const type of takes) this.#take(type, name);
    for (const type of leaves) this.#operands.push(type);
    if (code > 0xff) this.#code.byte(code >> 8);
    this.#code.byte(code & 0xff);
    if (immediate === "none") return;
    if (immediate === "memory") {
      this.#code.unsigned(first);
      this.#code.unsigned(second);
    } else {
      this.#code.signed(first);
    }
  }

  get(local: number): void {
    this.#operands.push(this.#localType(local));
    this.#indexed(LOCAL_GET, local);
  }

  set(local: number): void {
    this.#take(this.#localType(local), "local.set");
    this.#indexed(LOCAL_SET, local);
  }

  drop(): void {
    this.#takeAny("drop");
    this.#code.byte(DROP);
  }

  block(result: ValueType | null = null): Label {
    return this.#open(BLOCK, new Label("block", result, this.#operands.length));
  }

  loop(): Label {
    return this.#open(LOOP, new Label("loop", null, this.#operands.length));
  }

  if(): Label {
    this.#take("i", "if");
    return this.#open(IF, new Label("if", null, this.#operands.length));
  }

  else(): void {
    const label = this.#close("else");
    if (label.kind !== "if") throw invalid("else without if");
    this.#labels.push(new Label("else", label.result, label.height));
    this.#code.byte(ELSE);
  }

  end(): void {
    if (this.#labels.length < 2) throw invalid("end without a block");
    const label = this.#close("end");
    if (label.result !== null) this.#operands.push(label.result);
    this.#code.byte(END);
  }

  br(label: Label): void {
    this.#branch(BR, this.depth(label));
  }

  brIf(label: Label): void {
    this.#branch(BR_IF, this.depth(label));
  }

  /** Every other number branches to the last label. */
  brTable(labels: readonly Label[]): void {
    this.#take("i", "br_table");
    const depths = labels.map((label) => this.depth(label));
    for (const label of labels) {
      if (label.carries !== null) throw invalid("br_table to a label that takes a value");
    }
    if (depths.length === 0) throw invalid("br_table without a label");
    this.#code.byte(BR_TABLE);
    this.#code.unsigned(depths.length - 1);
    for (const depth of depths) this.#code.unsigned(depth);
    this.#setUnreachable();
  }

  return(): void {
    const [outermost] = this.#labels;
    if (outermost?.result) this.#take(outermost.result, "return");
    this.#code.byte(RETURN);
    this.#setUnreachable();
  }

  unreachable(): void {
    this.#code.byte(UNREACHABLE);
    this.#setUnreachable();
  }

  call(index: number): void {
    this.#call(this.#functions[index], "call");
    this.#indexed(CALL, index);
  }

  /** Calls through the table; `type` is the index of the module's type. */
  callIndirect(type: number): void {
    this.#take("i", "call_indirect");
    this.#call(this.#types[type], "call_indirect");
    this.#indexed(CALL_INDIRECT, type);
    this.#code.byte(0);
  }

  /** The number of labels between here and this one, which a branch to it encodes. */
  depth(label: Label): number {
    const at = this.#labels.lastIndexOf(label);
    if (at < 0) throw invalid("a branch to a label that is closed");
    return this.#labels.length - 1 - at;
  }

  /** Whether code written here can't be reached. */
  get isUnreachable(): boolean {
    return this.#innermost.unreachable;
  }

  /** Appends code that was encoded elsewhere, with the same checks. */
  append(code: Uint8Array): void {
    const reader = new ByteReader(code);
    while (!reader.done) this.#appendOne(reader);
  }

  /** The body with its locals, encoded for a module's code section. */
  finish(parameters: number): Bytes {
    if (this.#labels.length !== 1) throw invalid(`${this.#labels.length - 1} blocks are open`);
    this.#close("the function's end");
    const whole = new Bytes();
    const groups: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals.slice(parameters)) {
      const last = groups.at(-1);
      if (last?.type === type) last.count++;
      else groups.push({ type, count: 1 });
    }
    whole.unsigned(groups.length);
    for (const { type, count } of groups) {
      whole.unsigned(count);
      whole.byte(TYPE_BYTES[type]);
    }
    whole.write(this.#code.bytes());
    whole.byte(END);
    return whole;
  }

  #appendOne(reader: ByteReader): void {
    let code = reader.byte();
    if (code === ATOMIC_PREFIX) code = (code << 8) | reader.byte();
    switch (code) {
      case LOCAL_GET:
        this.get(reader.unsigned());
        break;
      case LOCAL_SET:
        this.set(reader.unsigned());
        break;
      case DROP:
        this.drop();
        break;
      case SELECT:
        this.#select();
        break;
      case BR_IF:
        this.#branch(BR_IF, reader.unsigned());
        break;
      case CALL:
        this.call(reader.unsigned());
        break;
      case IF:
        if (reader.byte() !== NO_RESULT) throw invalid("an if with a result");
        this.if();
        break;
      case ELSE:
        this.else();
        break;
      case END:
        this.end();
        break;
      default: {
        const immediate = OPCODES.get(code)?.immediate;
        if (immediate === "memory") this.op(code, reader.unsigned(), reader.unsigned());
        else if (immediate === "i32" || immediate === "i64") this.op(code, reader.signed());
        else this.op(code);
      }
    }
  }

  #select(): void {
    this.#take("i", "select");
    const type = this.#takeAny("select");
    this.#take(type, "select");
    this.#operands.push(type);
    this.#code.byte(SELECT);
  }

  get #innermost(): Label {
    return this.#labels.at(-1) as Label; // the function's own is always there
  }

  #open(code: number, label: Label): Label {
    this.#labels.push(label);
    this.#code.byte(code);
    this.#code.byte(label.result === null ? NO_RESULT : TYPE_BYTES[label.result]);
    return label;
  }

  #close(what: string): Label {
    const label = this.#innermost;
    if (label.result !== null) this.#take(label.result, what);
    if (this.#operands.length !== label.height) throw invalid(`${what} leaves operands behind`);
    this.#labels.pop();
    return label;
  }

  #branch(code: number, depth: number): void {
    if (code === BR_IF) this.#take("i", "br_if");
    const label = this.#labels[this.#labels.length - 1 - depth];
    if (label === undefined) throw invalid(`a branch out of ${depth} blocks`);
    if (label.carries !== null) {
      this.#take(label.carries, "a branch");
      if (code === BR_IF) this.#operands.push(label.carries);
    }
    this.#indexed(code, depth);
    if (code === BR) this.#setUnreachable();
  }

  #call(type: FunctionType | undefined, what: string): void {
    if (type === undefined) throw invalid(`${what} of a function that isn't there`);
    for (const parameter of type.parameters.toReversed()) this.#take(parameter, what);
    for (const result of type.results) this.#operands.push(result);
  }

  #setUnreachable(): void {
    this.#operands.length = this.#innermost.height;
    this.#innermost.unreachable = true;
  }

  #take(type: ValueType, what: string): void {
    const found = this.#takeAny(what);
    if (found !== type && !this.isUnreachable) throw invalid(`${what} takes ${type}, not ${found}`);
  }

  #takeAny(what: string): ValueType {
    const { height, unreachable } = this.#innermost;
    if (this.#operands.length > height) return this.#operands.pop() as ValueType;
    if (!unreachable) throw invalid(`${what} finds no operand`);
    return "i";
  }

  #localType(local: number): ValueType {
    const type = this.#locals[local];
    if (type === undefined) throw invalid(`there is no local ${local}`);
    return type;
  }

  #indexed(code: number, index: number): void {
    this.#code.byte(code);
    this.#code.unsigned(index);
  }
}

function invalid(why: string): Error {
  return new Error(`invalid WebAssembly: ${why}`);
}
