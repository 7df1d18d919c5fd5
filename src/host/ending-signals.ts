// The signals that end a program from outside: what may not stay half done listens for all of them. Their order has no
// meaning. A write past the file size limit has a signal of its own (cli/atomic-file.ts).

export const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
