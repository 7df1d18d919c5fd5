/*
 * Runs an image of MIPS code in Unicorn:
 *   unicorn IMAGE BASE SIZE ENTRY SP CALLS RESULT BYTES A0 A1 A2 A3
 * It loads the image into SIZE bytes of memory at BASE and calls ENTRY CALLS times with these arguments and this stack.
 * Each call runs until it returns to the memory's last word. Then it writes v0, the highest byte first, and BYTES
 * bytes from RESULT on to standard output. All numbers are hexadecimal. Little-endian, a 24Kf: the Unicorn processor
 * that is closest to a 24Kc. User addresses are mapped one to one, kseg0's addresses by the processor.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unicorn/unicorn.h>

enum { IMAGE = 1, BASE, SIZE, ENTRY, SP, CALLS, RESULT, BYTES, A0, COUNT = A0 + 4 };

static void must(uc_err error)
{
	if (error == UC_ERR_OK)
		return;
	fprintf(stderr, "unicorn: %s\n", uc_strerror(error));
	exit(1);
}

int main(int count, char **arguments)
{
	static const int registers[] = { UC_MIPS_REG_A0, UC_MIPS_REG_A1, UC_MIPS_REG_A2, UC_MIPS_REG_A3 };
	unsigned number[COUNT] = { 0 }, v0 = 0;
	uc_engine *engine;
	FILE *file;

	if (count != COUNT || !(file = fopen(arguments[IMAGE], "rb")))
		return 2;
	for (int index = BASE; index < COUNT; index++)
		number[index] = strtoul(arguments[index], 0, 16);
	unsigned char *image = calloc(1, number[SIZE]), *result = calloc(1, number[BYTES] + 1);
	unsigned base = number[BASE], end = base + number[SIZE] - 4;
	unsigned physical = base < 0x80000000u ? base : base & 0x1fffffff;
	size_t size = fread(image, 1, number[SIZE], file);

	must(uc_open(UC_ARCH_MIPS, UC_MODE_MIPS32 | UC_MODE_LITTLE_ENDIAN, &engine));
	must(uc_ctl_set_cpu_model(engine, UC_CPU_MIPS32_24KF));
	must(uc_mem_map(engine, physical, number[SIZE], UC_PROT_ALL));
	must(uc_mem_write(engine, physical, image, size));
	for (unsigned call = 0; call < number[CALLS]; call++) {
		for (int index = 0; index < 4; index++)
			must(uc_reg_write(engine, registers[index], &number[A0 + index]));
		must(uc_reg_write(engine, UC_MIPS_REG_SP, &number[SP]));
		must(uc_reg_write(engine, UC_MIPS_REG_RA, &end));
		must(uc_emu_start(engine, number[ENTRY], end, 0, 0));
	}
	must(uc_reg_read(engine, UC_MIPS_REG_V0, &v0));
	must(uc_mem_read(engine, physical + number[RESULT] - base, result, number[BYTES]));
	for (int shift = 24; shift >= 0; shift -= 8)
		putchar(v0 >> shift & 0xff);
	fwrite(result, 1, number[BYTES], stdout);
	return 0;
}
