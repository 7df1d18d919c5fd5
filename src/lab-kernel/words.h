/*
 * farjal's own instructions that the lab uses, for C and assembly. They are in SPECIAL2's user-defined space (op
 * 0x1c, funct 0x10..0x1f), where MIPS32 defines no instruction; assembly/shared/opcodes.ts has the same functs. The
 * processor accepts them only in kernel mode and only when the host allows it.
 */
#ifndef LAB_WORDS_H
#define LAB_WORDS_H

/* Ring record: ip = its own pc, or its branch's pc when it is in a delay slot; parent = ra. */
#define TRACE_SITE 0x70000010
/* Stops the run; the host provides the service that bits 25..6 number. */
#define HYPERCALL(code) (0x70000011 | ((code) << 6))
/* Ring record: ip = a0, parent = a1. */
#define TRACE_CALL 0x70000012
/*
 * function_graph's record: ip = a0, parent = a1, depth = a2, overrun = a3. With a2's bit 31 clear it records an
 * entry, and v0 (low) and v1 become the present count. Otherwise it records a return, and they hold the entry's
 * count.
 */
#define TRACE_GRAPH 0x70000015

#endif
