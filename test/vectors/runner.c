/*
 * Runs small programs on a MIPS Linux and records how each one ends: every general register, HI, LO, the signal and
 * its place, and a buffer of memory. It runs under qemu-mips and qemu-mipsel (and would do the same on hardware);
 * test/vectors/qemu.ts writes its input and reads its output.
 *
 * A program is entered by returning from a signal handler whose saved context has been overwritten with the program's
 * registers. The next signal leaves it; a break instruction raises one when nothing else does. So all 31 registers
 * are the program's own. It has no C library, whose start-up needs an FPU.
 *
 * Standard input and output are words in the machine's byte order.
 *   input:   data address, data words; then for each program:
 *            code address, code words, entry address, stops, r1..r31, hi, lo, the code, the data
 *   output:  for each program, stops times:
 *            signal, si_code, si_addr, pc, r1..r31, hi, lo, the data
 * After a stop that isn't the last, the program continues after the instruction that raised the signal, or after its
 * delay slot when the signal came from there. A stop at a break whose code is LAST is the last one; the remaining
 * stops are not written, and a word 0 replaces them.
 */
#include <asm/cachectl.h>
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>
#include <linux/mman.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 0x1000u
#define LAST 0x03ff000du /* break 0x3ff */

/* Linux o32: number in v0, four arguments in registers, two on the stack; a3 says that v0 is an errno. */
static long system_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long v0 __asm__("$2") = number;
	register long a0 __asm__("$4") = a;
	register long a1 __asm__("$5") = b;
	register long a2 __asm__("$6") = c;
	register long a3 __asm__("$7") = d;

	__asm__ volatile("addiu $29, $29, -32\n\tsw %5, 16($29)\n\tsw %6, 20($29)\n\t"
			 "syscall\n\taddiu $29, $29, 32"
			 : "+r"(v0), "+r"(a3)
			 : "r"(a0), "r"(a1), "r"(a2), "r"(e), "r"(f)
			 : "$1", "$3", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "memory");
	return a3 ? -v0 : v0;
}

static void leave(int status)
{
	system_call(__NR_exit_group, status, 0, 0, 0, 0, 0);
	__builtin_unreachable();
}

static void fail(const char *why)
{
	size_t length = 0;

	while (why[length])
		length++;
	system_call(__NR_write, 2, (long)why, length, 0, 0, 0);
	leave(1);
}

/* gcc may emit calls of these. */
void *memcpy(void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((char *)to)[i] = value;
	return to;
}

static uint32_t input[0x4000], output[0x4000];
static size_t input_at, input_words, output_words;
static uint32_t data_address, data_words;
static uint32_t stops_left;
static struct ucontext before; /* start's own context, restored at the end */
static int running;

static void flush(void)
{
	size_t done = 0;

	while (done < output_words * 4) {
		long wrote = system_call(__NR_write, 1, (long)output + done, output_words * 4 - done, 0, 0, 0);
		if (wrote <= 0)
			fail("can't write\n");
		done += wrote;
	}
	output_words = 0;
}

static void put(uint32_t word)
{
	if (output_words == sizeof output / 4)
		flush();
	output[output_words++] = word;
}

/* Returns whether the input is at its end; refills the buffer when it is empty. */
static int ended(void)
{
	size_t bytes = 0;

	if (input_at < input_words)
		return 0;
	do {
		long got = system_call(__NR_read, 0, (long)input + bytes, sizeof input - bytes, 0, 0, 0);
		if (got < 0)
			fail("can't read\n");
		if (got == 0)
			break;
		bytes += got;
	} while (bytes < sizeof input);
	input_at = 0;
	input_words = bytes / 4;
	return input_words == 0;
}

static uint32_t take(void)
{
	if (ended())
		fail("the input ends too early\n");
	return input[input_at++];
}

static void take_into(uint32_t *to, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		to[i] = take();
}

/* Maps the pages of a range that aren't mapped yet, and keeps a list of them. */
static void map(uint32_t address, uint32_t bytes)
{
	static uint32_t mapped[64];
	static int count;

	for (uint32_t page = address & -PAGE; page < address + bytes; page += PAGE) {
		int i = 0;
		while (i < count && mapped[i] != page)
			i++;
		if (i < count)
			continue;
		if (count == 64)
			fail("too many pages\n");
		if (system_call(__NR_mmap, page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != (long)page)
			fail("can't map a page\n");
		mapped[count++] = page;
	}
}

/* eret ends a link between ll and sc; qemu's sigreturn doesn't, so this ends it. */
static void end_link(void)
{
	uint32_t word = 0, value = 0;
	__asm__ volatile("ll $8, %0\n\tsc %1, %0" : "+m"(word), "+r"(value) : : "$8");
}

/* Loads the next program into the context; returns 0 when there is none. */
static int enter(struct sigcontext *context)
{
	if (ended())
		return 0;
	uint32_t code_address = take();
	uint32_t code_words = take();
	uint32_t entry = take();
	stops_left = take();
	for (int i = 1; i < 32; i++)
		context->sc_regs[i] = (int32_t)take();
	context->sc_mdhi = (int32_t)take();
	context->sc_mdlo = (int32_t)take();
	context->sc_pc = entry;
	map(code_address, code_words * 4);
	take_into((uint32_t *)code_address, code_words);
	system_call(__NR_cacheflush, code_address, code_words * 4, BCACHE, 0, 0, 0);
	take_into((uint32_t *)data_address, data_words);
	end_link();
	return 1;
}

/* Whether the word is a branch or jump of MIPS32. */
static int has_delay_slot(uint32_t word)
{
	uint32_t op = word >> 26, funct = word & 0x3f, rt = word >> 16 & 0x1f;

	if (op == 0)
		return funct == 8 || funct == 9;
	if (op == 1)
		return rt < 4 || (rt >= 0x10 && rt < 0x14);
	return (op >= 2 && op < 8) || (op >= 0x14 && op < 0x18);
}

static void on_signal(int signal, siginfo_t *info, struct ucontext *user)
{
	struct sigcontext *context = &user->uc_mcontext;

	if (!running) {
		before = *user;
		before.uc_mcontext.sc_pc += 4;
		running = 1;
	} else {
		uint32_t pc = context->sc_pc;
		put(signal);
		put(info->si_code);
		put((uint32_t)info->si_addr);
		put(pc);
		for (int i = 1; i < 32; i++)
			put(context->sc_regs[i]);
		put(context->sc_mdhi);
		put(context->sc_mdlo);
		for (uint32_t i = 0; i < data_words; i++)
			put(((uint32_t *)data_address)[i]);
		if (--stops_left != 0) {
			uint32_t word = *(uint32_t *)pc;
			if (signal != SIGTRAP || word != LAST) {
				context->sc_pc = pc + (has_delay_slot(word) ? 8 : 4);
				end_link();
				return;
			}
			put(0);
		}
	}
	if (!enter(context))
		*user = before;
}

void __start(void)
{
	static char stack[0x10000] __attribute__((aligned(16)));
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_handler = (__sighandler_t)on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	const int signals[] = { SIGTRAP, SIGFPE, SIGBUS, SIGSEGV, SIGILL };

	data_address = take();
	data_words = take();
	map(data_address, data_words * 4);
	system_call(__NR_sigaltstack, (long)&alternate, 0, 0, 0, 0, 0);
	for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
		system_call(__NR_rt_sigaction, signals[i], (long)&action, 0, sizeof action.sa_mask, 0, 0);
	__asm__ volatile("break");
	flush();
	leave(0);
}
