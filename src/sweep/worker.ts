// The code of each of the pool's threads: one loader, made when the first task arrives.

import { type LoaderAnswer, type LoaderSetup, type LoaderTask, TreeLoader } from "./loader.ts";

let loader: Promise<TreeLoader> | undefined;

export async function work(task: LoaderTask & { setup: LoaderSetup }): Promise<LoaderAnswer> {
  loader ??= TreeLoader.open(task.setup);
  return (await loader).load(task);
}
