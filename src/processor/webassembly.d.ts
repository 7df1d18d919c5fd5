// The part of the WebAssembly global that farjal and the loader's typings use. TypeScript declares it only in its DOM
// library, and including that would let browser globals into a Node program unnoticed.

type BufferSource = ArrayBuffer | ArrayBufferView;

declare namespace WebAssembly {
  class Module {
    constructor(bytes: BufferSource);
  }

  class Instance {
    constructor(module: Module, imports?: Record<string, Record<string, unknown> | undefined>);
    readonly exports: Record<string, unknown>;
  }

  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }

  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: ArrayBuffer | SharedArrayBuffer;
  }

  class Table {
    constructor(descriptor: { initial: number; element: "anyfunc" });
    readonly length: number;
    set(index: number, value: CallableFunction): void;
  }

  interface WebAssemblyInstantiatedSource {
    readonly module: Module;
    readonly instance: Instance;
  }
}
