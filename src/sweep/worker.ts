// The code of each of a sweep's threads: one loader, made when the first task arrives.

import { type LoaderAnswer, type LoaderSetup, type LoaderTask, TreeLoader } from "./loader.ts";
import { poolSetup } from "./pool-setup.ts";

let loader: TreeLoader | undefined;

export async function work(task: LoaderTask): Promise<LoaderAnswer> {
  loader ??= new TreeLoader(poolSetup<LoaderSetup>());
  return loader.load(task);
}
