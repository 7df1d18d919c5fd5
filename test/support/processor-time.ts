// The processor time that this process spends on some work. Bounds on time are bounds on work: the time on the wall
// depends on what else the machine does.

/** Milliseconds of processor time of all threads, with what `work` waits for. */
export async function processorTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
