// What the core exports: a list, without logic. (asc strips the extension of an import's path, but not of
// a re-export's, so the paths here have none.)

export { storeBesideCode } from "./code-map";
export { untranslated } from "./dispatch";
export { emit, emitLeave } from "./emit";
export { enterTraced, returnTraced } from "./graph";
export { run, runExactly } from "./interpreter";
export { probe } from "./memory";
export { mapPages, markPage, markPhysical, unmapPages } from "./pages";
export { finishSection, relocate } from "./relocate";
export { relocate64 } from "./relocate64";
export { getCp0, reset, setCp0, setInterrupts } from "./reset";
export { unwatch, watch } from "./watches";
