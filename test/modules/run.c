/*
 * Runs one function of a built module under qemu, for expected.json. expected.py links it with the module and the lab
 * kernel (all their symbols prefixed with guest_) and passes addresses, so this file works for any module. farjal's
 * own words are reserved instructions to qemu: the SIGILL handler does what farjal's host does for them.
 *
 *   run TRACER INIT FUNCTION ARGUMENT…    TRACER is none, function or function_graph; addresses in hex;
 *                                         INIT 0 for none
 *
 * Prints `result` with v0 and v1 after the call; for each event `call IP PARENT`, `enter IP` or `leave`; and `print`
 * for each text that was passed to _printk.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

typedef uint32_t u32;
typedef uint64_t u64;

extern u32 guest_lab_heap_start, guest_lab_heap_end;
extern u32 guest__mcount[], guest_ftrace_call[], guest_ftrace_graph_call[], guest_ftrace_stub[];
extern u32 guest_lab_trace_function[], guest_ftrace_graph_caller[], guest_return_to_handler[];
extern u32 guest_prepare_ftrace_return[], guest_ftrace_return_to_handler[], guest__printk[];

static u32 shadow_stack[64], depth;

enum { V0 = 2, A0 = 4, A1 = 5 };

static void at_reserved_word(int number, siginfo_t *info, void *context)
{
	mcontext_t *cpu = &((ucontext_t *)context)->uc_mcontext;
	u32 *pc = (u32 *)(u32)cpu->pc;

	(void)number;
	(void)info;
	cpu->pc += 4;
	if (*pc == 0x70000012) {
		printf("call %x %x\n", (u32)cpu->gregs[A0], (u32)cpu->gregs[A1]);
	} else if (pc == guest__printk) {
		printf("print %s", (const char *)(u32)cpu->gregs[A0]); /* the format, unchanged */
	} else if (pc == guest_prepare_ftrace_return) {
		u32 *parent = (u32 *)(u32)cpu->gregs[A0];

		if (depth == sizeof(shadow_stack) / sizeof(shadow_stack[0]))
			abort();
		shadow_stack[depth++] = *parent;
		*parent = (u32)guest_return_to_handler;
		printf("enter %x\n", (u32)cpu->gregs[A1]);
	} else if (pc == guest_ftrace_return_to_handler) {
		cpu->gregs[V0] = shadow_stack[--depth];
		printf("leave\n");
	} else {
		printf("stop %p\n", (void *)pc);
		exit(0);
	}
}

static u32 jump(u32 opcode, const u32 *target)
{
	return opcode << 26 | ((u32)target >> 2 & 0x03ffffff);
}

static u32 hex(const char *text)
{
	return strtoul(text, NULL, 16);
}

int main(int count, char **arguments)
{
	static char heap[1 << 20];
	struct sigaction action = { .sa_sigaction = at_reserved_word, .sa_flags = SA_SIGINFO };
	u32 values[4] = { 0 }, page = (u32)guest__mcount & -4096u;

	if (count < 4 || count > 8)
		return 2;
	for (int i = 4; i < count; i++)
		values[i - 4] = strtoul(arguments[i], NULL, 0);
	sigaction(SIGILL, &action, NULL);
	guest_lab_heap_start = (u32)heap;
	guest_lab_heap_end = (u32)heap + sizeof(heap);
	if (mprotect((void *)page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC))
		return 3;

	if (hex(arguments[2])) {
		u32 result = ((u32 (*)(void))hex(arguments[2]))();

		printf("init %d\n", (int)result);
	}
	if (strcmp(arguments[1], "none"))
		guest__mcount[0] = 0;
	if (!strcmp(arguments[1], "function"))
		guest_ftrace_call[0] = jump(3, guest_lab_trace_function);
	if (!strcmp(arguments[1], "function_graph"))
		guest_ftrace_graph_call[0] = jump(2, guest_ftrace_graph_caller);
	__builtin___clear_cache((char *)page, (char *)page + 8192);

	u64 result = ((u64 (*)(u32, u32, u32, u32))hex(arguments[3]))(values[0], values[1], values[2], values[3]);
	u32 words[2];

	memcpy(words, &result, sizeof(words)); /* o32 returns v0 as the first word in memory, in both orders */
	printf("result %x %x\n", words[0], words[1]);
	return 0;
}
