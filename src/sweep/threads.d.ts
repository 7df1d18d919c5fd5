// The one global type that tinypool's declarations take from browsers, so that the rest of a browser's
// globals stay unknown here.

type Worker = import("node:worker_threads").Worker;
