// Loads the lab kernel into a machine: loads its object, connects its HYPERCALL codes to host services, and passes it
// to the kernel space. It is loaded by the same loader as modules, but imports nothing and isn't in the module table.

import { KSEG0 } from "../../assembly/shared/memory-map.ts";
import type { RangeAllocator } from "../bytes/ranges.ts";
import { Misuse } from "../errors.ts";
import type { ModuleHost } from "../module/host.ts";
import { loadModule } from "../module/load.ts";
import { freeInit } from "../module/loaded.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import type { Processor } from "../processor/processor.ts";
import type { HostFunctions } from "./calls/host-functions.ts";
import { hostServices, type ServiceHost } from "./calls/host-services.ts";
import type { KernelSpace } from "./kernel-space.ts";
import { Lab, labNames, readLab } from "./lab-kernel.ts";

/** kmalloc's share of RAM, at its end. The rest is left for modules in kseg0. */
const HEAP_SHARE = 4;

/** The parts of a machine that the lab kernel is connected to. */
export interface LabSetup {
  readonly processor: Processor;
  readonly memory: GuestMemory;
  readonly physical: RangeAllocator;
  readonly functions: HostFunctions;
  readonly kernel: KernelSpace;
  readonly services: ServiceHost;
  /** The host that loads modules. */
  readonly host: ModuleHost;
}

/** @throws Misuse when the machine's memory is too small. */
export function bootLab(setup: LabSetup): Lab {
  const { processor, memory, physical, functions, kernel } = setup;
  const file = readLab(processor.endian);
  const services = hostServices(setup.services);
  for (const name of labNames(file, ".lab_hypercalls")) {
    const service = services[name];
    if (service === undefined) throw new Misuse(`the lab kernel asks for a service '${name}'`);
    functions.provide(name, service);
  }
  const base = kernel.mapImage();
  const host: ModuleHost = { ...setup.host, findExport: () => undefined };
  const module = loadModule(file, host, { base, farJumps: "refuse" });
  freeInit(module, host);
  const lab = new Lab(file, module, memory);
  kernel.attach(lab);
  const heapSize = Math.floor(processor.ramSize / HEAP_SHARE);
  const heap = KSEG0 + processor.ramSize - heapSize;
  if (!physical.reserve(heap - KSEG0, heapSize)) {
    throw new Misuse(`${processor.ramSize >>> 20} MiB of guest memory leave no room for a heap`);
  }
  memory.setU32(lab.require("lab_heap_start"), heap);
  memory.setU32(lab.require("lab_heap_end"), heap + heapSize);
  return lab;
}
