/*
 * Process 1 of the guest, without a C library: loads faulty.ko, with the argument in /argument, in a process of its own,
 * prints /proc/modules and, for fault 9, removes the module. The kernel then has a second for a timer.
 */
#include <asm/fcntl.h>
#include <asm/unistd.h>
#include <linux/reboot.h>

#include "../../src/verify/process.h"

static char text[4096];

static long contents(const char *path)
{
	long file = kernel(__NR_open, path, O_RDONLY, 0);
	long size = kernel(__NR_read, file, text, sizeof(text) - 1);

	kernel(__NR_close, file);
	text[size > 0 ? size : 0] = 0;
	return size;
}

int main(void)
{
	long seconds[2] = {1, 0}, size, remove;
	long long wide_seconds[2] = {1, 0};

	kernel(__NR_mount, "proc", "/proc", "proc", 0, 0);
	contents("/argument");
	remove = text[6] == '9';
	if (kernel(__NR_fork) == 0) {
		long file = kernel(__NR_open, "/faulty.ko", O_RDONLY, 0);

		/* Symbols and version magic count if the kernel looks at them; 3 ignores both. */
		if (kernel(__NR_finit_module, file, text, 0) < 0)
			kernel(__NR_finit_module, file, text, 3);
		kernel(__NR_exit, 0);
	}
	kernel(__NR_wait4, -1, 0, 0, 0);
	size = contents("/proc/modules");
	kernel(__NR_write, 1, text, size);
	if (remove)
		kernel(__NR_delete_module, "faulty", O_NONBLOCK);
	/* A kernel without CONFIG_COMPAT_32BIT_TIME has the second call alone; its clock 1 is CLOCK_MONOTONIC. */
	if (kernel(__NR_nanosleep, seconds, 0) < 0)
		kernel(__NR_clock_nanosleep_time64, 1, 0, wide_seconds, 0);
	kernel(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART, 0);
	return 0;
}
