/*
 * The module behind `farjal demo`: a hub with a few devices, small enough to read in a trace. This one source is
 * built in three ways: with jal, as modules were in 2009 (_mcount and the kernel's functions are outside its 256 MiB
 * region); with the long calls of every kernel since; and without -pg.
 *
 * demo_run(n) plugs in n devices, polls each, prints the results and returns a number to check.
 */
#include "module.h"

#define PORTS 8

struct device {
	u16 vendor, product;
	char name[24];
	u32 (*poll)(const struct device *device);
};

struct hub {
	u32 used;
	struct device devices[PORTS];
};

static const char *const names[] = { "keyboard", "mouse", "disk", "serial adapter" };

noinline u32 device_checksum(const u8 *bytes, u32 count)
{
	u32 sum = 0xffff;

	while (count--) {
		sum ^= *bytes++;
		sum = (sum << 5 | sum >> 27) + 0x9e37;
	}
	return sum;
}

noinline u32 device_poll_input(const struct device *device)
{
	return device_checksum((const u8 *)device->name, strlen(device->name));
}

noinline u32 device_poll_storage(const struct device *device)
{
	return device_checksum((const u8 *)device->name, sizeof(device->name)) ^ (device->vendor << 16 | device->product);
}

noinline void device_describe(struct device *device, u32 port)
{
	const char *name = names[port % 4];

	memset(device->name, 0, sizeof(device->name));
	memcpy(device->name, name, strlen(name));
	device->vendor = 0x1d6b;
	device->product = 0x0100 + port;
}

noinline void hub_connect(struct hub *hub, u32 port)
{
	struct device *device = &hub->devices[port];

	device_describe(device, port);
	device->poll = port % 4 < 2 ? device_poll_input : device_poll_storage;
	hub->used++;
}

noinline u32 hub_poll(const struct hub *hub)
{
	u32 port, sum = 0;

	for (port = 0; port < hub->used; port++)
		sum = sum * 31 + hub->devices[port].poll(&hub->devices[port]);
	return sum;
}

noinline struct hub *hub_create(u32 count)
{
	struct hub *hub = __kmalloc(sizeof(*hub), GFP_KERNEL);
	u32 port;

	if (!hub)
		return NULL;
	hub->used = 0;
	for (port = 0; port < count && port < PORTS; port++)
		hub_connect(hub, port);
	return hub;
}

/* Returns the sum over all devices, or 0 when there is no memory for the hub. */
u32 demo_run(u32 count)
{
	struct hub *hub = hub_create(count);
	u32 sum;

	if (!hub)
		return 0;
	sum = hub_poll(hub);
	_printk("demo: %u devices, sum %08x\n", hub->used, sum);
	kfree(hub);
	return sum;
}
EXPORT_SYMBOL(demo_run);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A hub with a few devices, for farjal's demo");
