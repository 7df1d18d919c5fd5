// The one global type of browsers that tinypool's declarations use. Declaring only this one keeps the other globals of
// browsers unknown here.

type Worker = import("node:worker_threads").Worker;
