/*
 * Unicorn around one of the benches' programs, linked to run at BASE:
 *   unicorn IMAGE BASE ENTRY ROUNDS
 * maps the image at BASE and a stack below it, calls ENTRY with ROUNDS in a0 until it returns to an address
 * where nothing lies, and writes v0, the highest byte first, to standard output. Little-endian, a 24Kf, the
 * processor of Unicorn's that is next to a 24Kc.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unicorn/unicorn.h>

#define STACK 0x00800000u
#define STACK_SIZE 0x00100000u
#define END 0x00700000u

static void must(uc_err error)
{
	if (error == UC_ERR_OK)
		return;
	fprintf(stderr, "unicorn: %s\n", uc_strerror(error));
	exit(1);
}

int main(int count, char **arguments)
{
	static unsigned char image[1 << 20];
	uc_engine *engine;
	FILE *file;

	if (count != 5 || !(file = fopen(arguments[1], "rb")))
		return 2;
	size_t size = fread(image, 1, sizeof image, file);
	unsigned base = strtoul(arguments[2], 0, 16), entry = strtoul(arguments[3], 0, 16);
	unsigned a0 = strtoul(arguments[4], 0, 10), sp = STACK + STACK_SIZE - 32, ra = END, v0 = 0;

	must(uc_open(UC_ARCH_MIPS, UC_MODE_MIPS32 | UC_MODE_LITTLE_ENDIAN, &engine));
	must(uc_ctl_set_cpu_model(engine, UC_CPU_MIPS32_24KF));
	must(uc_mem_map(engine, base, sizeof image, UC_PROT_ALL)); /* .bss, too */
	must(uc_mem_map(engine, STACK, STACK_SIZE, UC_PROT_READ | UC_PROT_WRITE));
	must(uc_mem_map(engine, END, 0x1000, UC_PROT_ALL));
	must(uc_mem_write(engine, base, image, size));
	must(uc_reg_write(engine, UC_MIPS_REG_A0, &a0));
	must(uc_reg_write(engine, UC_MIPS_REG_SP, &sp));
	must(uc_reg_write(engine, UC_MIPS_REG_RA, &ra));
	must(uc_emu_start(engine, entry, END, 0, 0));
	must(uc_reg_read(engine, UC_MIPS_REG_V0, &v0));
	for (int shift = 24; shift >= 0; shift -= 8)
		putchar(v0 >> shift & 0xff);
	return 0;
}
