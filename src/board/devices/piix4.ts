// The PIIX4 south bridge: the configuration space of its four functions, and the power management block, through which
// a kernel switches the board off. The words are those of QEMU's Malta, so that Linux finds the same functions with the
// same resources. The USB controller has no ports for devices.

import type { Bus, Region } from "../bus.ts";
import type { Device, DevicePort, Saved } from "../device.ts";
import { type PciBus, PciFunction, pciNumber } from "./pci.ts";

const DEVICE = 10;
/** The subsystem that QEMU's PCI devices name. */
export const SUBSYSTEM = 0x11001af4;
const ISA_BRIDGE = 0;
const IDE = 1;
const USB = 2;
const POWER = 3;

const POWER_BASE = 16; // PMBA, the word at 0x40
const POWER_BASE_BITS = 0xffc0;
const POWER_ENABLE = 32; // PMREGMISC, at 0x80
const POWER_SIZE = 0x40;
const POWER_CONTROL = 4; // PMCNTRL
const SLEEP_ENABLE = 0x2000;
const TIMER = 8;
/** The ACPI timer's rate. */
const TIMER_RATE = 3_579_545;
const USB_SIZE = 32;
const IDE_SIZE = 16;
/** The word of the ISA bridge that routes PCI interrupts: one byte each for A to D. */
const ROUTING = 24;
/** A to D go to lines 10, 10, 11 and 11, as Malta's monitor routes them. */
const ROUTES = 0x0b0b0a0a;
const ROUTE_OFF = 0x80;

/** Power management, as far as a kernel needs it: the timer and the power switch. */
class PowerManagement implements Device {
  #port: DevicePort | undefined;
  #status = 0;
  #enable = 0;
  #control = 0;

  connect(port: DevicePort): void {
    this.#port = port;
  }

  read(offset: number): number {
    switch (offset & ~1) {
      case 0:
        return this.#status;
      case 2:
        return this.#enable;
      case POWER_CONTROL:
        return this.#control;
      case TIMER:
      case TIMER + 2:
        return (this.#timer >>> (8 * (offset & 2))) >>> 0;
      default:
        return 0;
    }
  }

  write(offset: number, size: number, value: number): void {
    const low = value & 0xffff;
    if (offset === 0 && size === 4) {
      this.write(0, 2, low);
      this.write(2, 2, value >>> 16);
    } else if (offset === 0) {
      this.#status &= ~low;
    } else if (offset === 2) {
      this.#enable = low;
    } else if (offset === POWER_CONTROL) {
      this.#control = low & ~SLEEP_ENABLE;
      if ((low & SLEEP_ENABLE) !== 0) this.#port?.stop("power-off");
    }
  }

  save(): Saved {
    return [this.#status, this.#enable, this.#control];
  }

  restore(saved: Saved): void {
    [this.#status, this.#enable, this.#control] = saved as [number, number, number];
  }

  reset(): void {
    this.restore([0, 0, 0]);
  }

  get #timer(): number {
    const port = this.#port;
    if (port === undefined) return 0;
    return Math.floor((port.now / port.clockRate) * TIMER_RATE) % 2 ** 24;
  }
}

/** The registers of the USB controller, which are missing. */
const ABSENT: Device = { read: () => 0, write: () => undefined };

/**
 * Adds PIIX4's functions to the PCI bus.
 * @param busMaster the IDE channels' bus masters.
 * @returns its power management, which the board attaches.
 */
export function addPiix4(
  pci: PciBus,
  bus: Bus,
  ports: number,
  busMaster: Device,
): { power: Device; region: Region } {
  const region = (size: number, device: Device): Region => ({
    address: -1,
    size,
    device,
    width: 4,
  });
  const power = new PowerManagement();
  const powerRegion = region(POWER_SIZE, power);
  const functions: readonly (readonly [number, PciFunction])[] = [
    [
      ISA_BRIDGE,
      new PciFunction({
        words: {
          ...{ 0: 0x71108086, 1: 0x02000000, 2: 0x06010000, 3: 0x00800000, 11: SUBSYSTEM },
          ...{ 19: 0x0003004d, [ROUTING]: ROUTES, 26: 0x200, 28: 0x80, 29: 0x0c0c0000, 30: 2 },
          ...{ 40: 8, 42: 15 },
        },
        writable: { [ROUTING]: 0xffffffff },
      }),
    ],
    [
      IDE,
      new PciFunction({
        words: { 0: 0x71118086, 1: 0x02800000, 2: 0x01018000, 11: SUBSYSTEM },
        writable: { 16: 0xffffffff },
        bars: [{ number: 4, space: "io", size: IDE_SIZE, region: region(IDE_SIZE, busMaster) }],
      }),
    ],
    [
      USB,
      new PciFunction({
        words: {
          ...{ 0: 0x71128086, 2: 0x0c030001, 11: SUBSYSTEM, 15: 0x400, 24: 0x10, 26: 0x10000 },
        },
        bars: [{ number: 4, space: "io", size: USB_SIZE, region: region(USB_SIZE, ABSENT) }],
      }),
    ],
    [
      POWER,
      new PciFunction({
        words: {
          0: 0x71138086,
          1: 0x02800000,
          2: 0x06800003,
          11: SUBSYSTEM,
          15: 0x100,
          22: 0x02000000,
          23: 0x90000000,
          24: 0x60000000,
          25: 0x98000000,
          52: 0x00090000,
          [POWER_BASE]: 1,
          36: 0x1101,
        },
        writable: { [POWER_BASE]: POWER_BASE_BITS, [POWER_ENABLE]: 0xffffffff, 36: 0xfff0 },
      }),
    ],
  ];
  for (const [number, fn] of functions) {
    fn.connect(bus, (_bar, base) => ports + base);
    pci.set(pciNumber(DEVICE, number), fn);
  }
  placePower(functions[POWER]?.[1], powerRegion, bus, ports);
  return { power, region: powerRegion };
}

/** The ISA line to which a PCI interrupt (0 for A, to 3 for D) is routed, or undefined. */
export function routedLine(pci: PciBus, pin: number): number | undefined {
  const routes = pci.get(pciNumber(DEVICE, ISA_BRIDGE))?.read(ROUTING) ?? 0;
  const route = (routes >>> (8 * pin)) & 0xff;
  return (route & ROUTE_OFF) !== 0 ? undefined : route & 15;
}

/** Places power management, which has its own base register and its own enable bit. */
function placePower(fn: PciFunction | undefined, region: Region, bus: Bus, ports: number): void {
  bus.add(region);
  const place = (): void => {
    const base = (fn?.read(POWER_BASE) ?? 0) & POWER_BASE_BITS;
    const isOn = ((fn?.read(POWER_ENABLE) ?? 0) & 1) !== 0;
    region.address = isOn && base !== 0 ? ports + base : -1;
  };
  if (fn !== undefined) fn.onChange = place;
}
