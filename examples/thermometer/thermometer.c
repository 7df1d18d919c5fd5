/*
 * The driver of an imaginary thermometer at physical address 1c000000, interrupt 5. The examples use it to show a
 * test against a register model. It identifies the chip, starts it, and prints each measurement that an interrupt
 * announces.
 */
#include "module.h"

#define PHYSICAL 0x1c000000u
#define SIZE 0x10u
#define INTERRUPT 5u
#define UNCACHED (2u << 9)

enum { ID = 0x0, CONTROL = 0x4, STATUS = 0x8, DATA = 0xc };
enum { ID_THERMOMETER = 0x7e3a0001, CONTROL_START = 1, CONTROL_INTERRUPT = 2, STATUS_READY = 1 };
enum { IRQ_NONE = 0, IRQ_HANDLED = 1, EIO = 5, ENODEV = 19 };

void *ioremap_prot(unsigned long physical, unsigned long size, unsigned long flags);
void iounmap(const volatile void *address);
int request_threaded_irq(unsigned int irq, int (*handler)(int, void *), int (*thread)(int, void *),
			 unsigned long flags, const char *name, void *device);
const void *free_irq(unsigned int irq, void *device);

static volatile u8 *registers;

static u32 get(u32 at)
{
	u32 value = *(volatile u32 *)(registers + at);
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(value) : value;
}

static void put(u32 at, u32 value)
{
	*(volatile u32 *)(registers + at) =
		__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(value) : value;
}

static int thermometer_interrupt(int irq, void *device)
{
	if (!(get(STATUS) & STATUS_READY)) return IRQ_NONE;
	u32 measured = get(DATA);
	put(STATUS, STATUS_READY);
	_printk("thermometer: %u.%03u degrees\n", measured / 1000, measured % 1000);
	return IRQ_HANDLED;
}

static int __init thermometer_start(void)
{
	registers = ioremap_prot(PHYSICAL, SIZE, UNCACHED);
	if (!registers) return -EIO;
	u32 id = get(ID);
	int error = id == ID_THERMOMETER ? 0 : -ENODEV;
	if (error) _printk("thermometer: no thermometer, but %08x\n", id);
	else error = request_threaded_irq(INTERRUPT, thermometer_interrupt, 0, 0, "thermometer", &registers);
	if (error) {
		iounmap(registers);
		return error;
	}
	put(CONTROL, CONTROL_START | CONTROL_INTERRUPT);
	return 0;
}
module_init(thermometer_start);

static void __exit thermometer_end(void)
{
	put(CONTROL, 0);
	free_irq(INTERRUPT, &registers);
	iounmap(registers);
}
module_exit(thermometer_end);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("An imaginary thermometer");
