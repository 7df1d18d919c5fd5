// The MIPS Malta board: the physical address and the interrupt line of each device. The devices are in devices/, one
// file each; board.ts runs the board. (MIPS Malta-R User's Manual, MD00051, chapter 4; QEMU's Malta is the reference.)

import type { Endian } from "../bytes/endian.ts";
import type { Bus, Region, RegionOptions } from "./bus.ts";
import type { Device } from "./device.ts";
import { Flash } from "./devices/flash.ts";
import { Gt64120 } from "./devices/gt64120.ts";
import { I8042 } from "./devices/i8042.ts";
import { InterruptControllers } from "./devices/i8259.ts";
import { IdeChannel } from "./devices/ide.ts";
import { MaltaFpga, REVISION, REVISION_OFFSET } from "./devices/malta-fpga.ts";
import { type PciBus, PciFunction, pciNumber } from "./devices/pci.ts";
import { Pcnet } from "./devices/pcnet.ts";
import { addPiix4, routedLine, SUBSYSTEM } from "./devices/piix4.ts";
import { Pit } from "./devices/pit.ts";
import { Rtc } from "./devices/rtc.ts";
import { Uart } from "./devices/uart.ts";
import type { Disk } from "./disk.ts";

/** Physical address of ISA's and PCI's ports. */
const PORTS = 0x18000000;
const PORTS_SIZE = 0x10000;
const SYSTEM_CONTROLLER = 0x1be00000;
const MONITOR_FLASH = 0x1e000000;
const MONITOR_FLASH_SIZE = 0x400000;
const FPGA = 0x1f000000;
const FPGA_UART = 0x1f000900;
const BOOT_ROM = 0x1fc00000;
const BOOT_ROM_SIZE = 0x400000;

/** The network card: its place on PCI, its interrupt pin as the board wires it (B), its registers' bytes. */
const PCNET_DEVICE = 11;
const PCNET_PIN = 1;
const PCNET_SIZE = 32;

const TIMER_LINE = 0;
const CLOCK_LINE = 8;
const KEYBOARD_LINE = 1;
const MOUSE_LINE = 12;
const SERIAL_LINES = [4, 3] as const;
/** The IDE channels: their first port, their control port and their interrupt line. */
const IDE_CHANNELS = [
  { ports: 0x1f0, control: 0x3f6, line: 14 },
  { ports: 0x170, control: 0x376, line: 15 },
] as const;
const DISK_NAMES = ["hda", "hdb", "hdc", "hdd"] as const;
/** Bytes of the bus master's registers for one channel. */
const MASTER_SIZE = 8;
/** The processor's interrupt inputs, as bits of Cause.IP: the 8259s' and the FPGA UART's. */
const CONTROLLERS_INPUT = 1 << 10;
const UART_INPUT = 1 << 12;

/** The board's functions for attaching devices. */
export interface Wiring {
  readonly endian: Endian;
  readonly bus: Bus;
  /** Attaches a device under a name for snapshots; `line` is called when its interrupt changes. */
  attach(
    name: string,
    address: number,
    size: number,
    device: Device,
    options?: RegionOptions,
    line?: (active: boolean) => void,
  ): void;
  /** Connects a device that has an address already, or needs none. */
  connect(name: string, device: Device, line?: (active: boolean) => void): void;
  /** Sets or clears interrupt inputs of the processor, given as bits of Cause.IP. */
  interrupt(inputs: number, active: boolean): void;
  /** The date at the board's start, in milliseconds since 1970. */
  readonly date: number;
  skip(instructions: number): void;
  /** The disks of the IDE channels: first and second of the first channel, then of the second. */
  readonly disks: readonly (Disk | undefined)[];
  /** The network card's address; undefined for a board without the card. */
  readonly network: Uint8Array | undefined;
}

/** The parts of the board that the host uses. */
export interface Malta {
  /** ttyS0, ttyS1 and the FPGA's serial port. */
  readonly serial: readonly [Uart, Uart, Uart];
  readonly controllers: InterruptControllers;
  readonly fpga: MaltaFpga;
  readonly pci: PciBus;
  readonly network: Pcnet | undefined;
}

/** ISA ports without a device, which read as all ones. */
const FLOATING: Device = { read: () => 0xffffffff, write: () => undefined };
/** Page registers of the DMA controllers and similar ones: writes are accepted and have no effect. */
const ACCEPTED: Device = { read: () => 0, write: () => undefined };

/** Attaches Malta's devices to a bus. */
export function buildMalta(wiring: Wiring): Malta {
  const { endian, bus } = wiring;
  const controllers = new InterruptControllers((active) =>
    wiring.interrupt(CONTROLLERS_INPUT, active),
  );
  const line = (number: number) => (active: boolean) => controllers.raise(number, active);
  const port = (name: string, at: number, size: number, device: Device, irq?: number): void =>
    wiring.attach(
      name,
      PORTS + at,
      size,
      device,
      { width: 1 },
      irq === undefined ? undefined : line(irq),
    );

  bus.attach(PORTS, PORTS_SIZE, FLOATING);
  port("i8259-first", 0x20, 2, controllers.registers("first"));
  port("i8259-second", 0xa0, 2, controllers.registers("second"));
  port("i8259-edge-level", 0x4d0, 2, controllers.edgeLevel());
  port("i8254", 0x40, 4, new Pit(), TIMER_LINE);
  port("mc146818", 0x70, 2, new Rtc({ start: wiring.date, skip: wiring.skip }), CLOCK_LINE);
  const i8042 = new I8042({ keyboardLine: line(KEYBOARD_LINE), mouseLine: line(MOUSE_LINE) });
  port("i8042", 0x60, 1, i8042);
  bus.attach(PORTS + 0x64, 1, i8042.command, { width: 1 });
  bus.attach(PORTS + 0xc0, 0x20, ACCEPTED);
  const serial = [new Uart(), new Uart(), new Uart(8)] as const;
  port("ttyS0", 0x3f8, 8, serial[0], SERIAL_LINES[0]);
  port("ttyS1", 0x2f8, 8, serial[1], SERIAL_LINES[1]);

  const pci: PciBus = new Map();
  pci.set(0, systemController());
  const ide = attachIde(wiring, line);
  const { power } = addPiix4(pci, bus, PORTS, ide);
  wiring.connect("piix4-power", power);
  const network = wiring.network && new Pcnet(wiring.network);
  if (network !== undefined) pci.set(pciNumber(PCNET_DEVICE, 0), pcnetFunction(network, bus));
  for (const [number, fn] of pci) {
    wiring.connect(`pci-${number}`, stateOf(fn));
  }
  if (network !== undefined) {
    wiring.connect("pcnet", network, (active) => {
      const number = routedLine(pci, PCNET_PIN);
      if (number !== undefined) controllers.raise(number, active);
    });
  }
  const native = { byteOrder: "native" } as const;
  const gt64120 = new Gt64120({ endian, pci, acknowledge: () => controllers.acknowledge() });
  wiring.attach("gt64120", SYSTEM_CONTROLLER, 0x1000, gt64120, native);
  bus.attach(MONITOR_FLASH, MONITOR_FLASH_SIZE, new Flash());
  bus.attach(BOOT_ROM, BOOT_ROM_SIZE, new Flash(new Map([[REVISION_OFFSET, REVISION]])), native);
  const fpga = new MaltaFpga(endian);
  wiring.attach("fpga", FPGA, 0x1000, fpga, native);
  wiring.attach("ttyS2", FPGA_UART, 0x40, serial[2], native, (active) =>
    wiring.interrupt(UART_INPUT, active),
  );
  return { serial, controllers, fpga, pci, network };
}

/** The network card's configuration, with its registers in ports and in memory. */
function pcnetFunction(card: Pcnet, bus: Bus): PciFunction {
  const region = (): Region => ({ address: -1, size: PCNET_SIZE, device: card });
  const fn = new PciFunction({
    words: { 0: 0x20001022, 1: 0x02800000, 2: 0x02000010, 15: 0xff060100 },
    bars: [
      { number: 0, space: "io", size: PCNET_SIZE, region: region() },
      { number: 1, space: "memory", size: PCNET_SIZE, region: region() },
    ],
  });
  fn.connect(bus, ({ space }, base) => (space === "io" ? PORTS + base : base));
  return fn;
}

/** Attaches the IDE channels with their disks. @returns the bus master's registers. */
function attachIde(wiring: Wiring, line: (number: number) => (active: boolean) => void): Device {
  const channels = IDE_CHANNELS.map(({ ports, control, line: number }, index) => {
    const channel = new IdeChannel(wiring.disks.slice(2 * index, 2 * index + 2));
    wiring.attach(`ide${index}`, PORTS + ports, 8, channel.registers, {}, line(number));
    wiring.bus.attach(PORTS + control, 1, channel.control);
    return channel;
  });
  wiring.disks.forEach((disk, index) => {
    if (disk !== undefined) wiring.connect(DISK_NAMES[index] ?? "", stateOf(disk));
  });
  const masterAt = (offset: number): Device =>
    (channels[Math.floor(offset / MASTER_SIZE)] as IdeChannel).master;
  return {
    read: (offset, size) => masterAt(offset).read(offset % MASTER_SIZE, size),
    write: (offset, size, value) => masterAt(offset).write(offset % MASTER_SIZE, size, value),
  };
}

/** A part of the board without registers of its own, as a device whose state is in snapshots. */
function stateOf(
  part: Required<Pick<Device, "save" | "restore">> & Pick<Device, "check" | "reset">,
): Device {
  return {
    read: () => 0,
    write: () => undefined,
    save: () => part.save(),
    restore: (saved) => part.restore(saved),
    check: (saved) => part.check?.(saved),
    reset: () => part.reset?.(),
  };
}

/** The system controller as PCI device 0, with the read-only address registers of QEMU's. */
function systemController(): PciFunction {
  return new PciFunction({
    words: {
      ...{ 0: 0x462011ab, 1: 0x02800000, 2: 0x06000010, 4: 0x00000008, 5: 0x01000008 },
      ...{ 6: 0x1c000000, 7: 0x1f000000, 8: 0x14000000, 9: 0x14000001, 11: SUBSYSTEM, 15: 0x100 },
    },
  });
}
