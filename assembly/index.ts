// What the WebAssembly module exports: a list, without logic. (asc strips the extension of an import's path, but
// not of a re-export's, so the paths here have none.)

export { storeBesideCode } from "./memory/code-map";
export { untranslated } from "./interpreter/dispatch";
export { emit, emitLeave } from "./readings/emit";
export { enterTraced, returnTraced } from "./tracing/graph";
export { run, runExactly } from "./interpreter/interpreter";
export { probe } from "./system/addresses";
export { ramAt } from "./memory/bus";
export { mapPages, markPage, markPhysical, unmapPages } from "./memory/mappings";
export { finishSection, relocate } from "./relocation/relocate";
export { relocate64 } from "./relocation/relocate64";
export { getCp0, reset, setCp0, setInterrupts } from "./system/reset";
export { skip } from "./system/timer";
export { unwatch, watch } from "./memory/mappings";
