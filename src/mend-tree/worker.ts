// The code of each thread that mends the modules of a tree. Each task is one file; the thread writes nothing, it returns
// the mended file's bytes.

import { join } from "node:path";
import { Misuse, Refusal } from "../errors.ts";
import { mendModule } from "../mend/mend.ts";
import type { MendOptions } from "../mend/plan.ts";
import { readModule } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import { readModuleBytes } from "../module/file/source.ts";
import { poolSetup } from "../sweep/pool-setup.ts";
import { type MendResult, outputPath, withoutPlace } from "./result.ts";

export interface MendSetup {
  readonly directory: string;
  readonly options: MendOptions;
  /** Whether the mended files are wanted, or the results alone. */
  readonly files: boolean;
}

export interface MendTask {
  /** In the tree. */
  readonly path: string;
}

export interface MendAnswer {
  readonly result: MendResult;
  /** null for a module that can't be mended, and where no files are wanted. */
  readonly file: Uint8Array | null;
}

export async function mendOne({ path }: MendTask): Promise<MendAnswer> {
  const { directory, options, files } = poolSetup<MendSetup>();
  try {
    const bytes = await readModuleBytes(join(directory, path));
    readModule(bytes, { name: moduleName(path) });
    const { file, report } = mendModule(bytes, options);
    const { verdict, changes, refusals, notes, signatureDropped } = report;
    return {
      result: {
        ...{ path, output: outputPath(path), verdict, changes: changes.length },
        ...{ refusals, notes, signatureDropped },
      },
      file: files ? file : null,
    };
  } catch (error) {
    if (error instanceof Refusal) {
      return { result: withoutPlace(path, "refused", error.explanation), file: null };
    }
    if (!(error instanceof Misuse)) throw error;
    return { result: withoutPlace(path, "failed", error.message), file: null };
  }
}
