/*
 * ftrace_caller for an experimental call site, which no Linux on MIPS has: four words before a function's prologue,
 * where ra is still in its register (src/cost/entry.ts).
 *
 *   lui v1,%hi(ftrace_entry_caller); addiu v1,v1,%lo(…); jalr at,v1; nop
 *
 * The site links to at, so ra stays the caller's return address: the site moves nothing and pushes nothing, and the
 * code here returns with jr at. v1 and at are dead at a function's first instruction. It saves the registers that
 * mcount.S saves, except t4: the place of ra is known. The site always starts 16 bytes before its return address, so
 * no search is needed.
 *
 * Words that the host patches, like those of mcount.S:
 *   ftrace_entry_call         jal lab_trace_entry; jal ftrace_entry_stub while tracing is off or function_graph is on
 *   ftrace_entry_graph_call   nop: j ftrace_entry_graph_caller
 */
#include "words.h"

#define PT_SIZE 184
#define PT_R1 36
#define PT_R4 48
#define PT_R5 52
#define PT_R6 56
#define PT_R7 60
#define PT_R31 156
#define SITE_SIZE 16

	.set	noreorder
	.set	noat
	.text

.macro return_to_site
	lw	$31, PT_R31($sp)
	lw	$1, PT_R1($sp)
	lw	$4, PT_R4($sp)
	lw	$5, PT_R5($sp)
	lw	$6, PT_R6($sp)
	lw	$7, PT_R7($sp)
	jr	$1
	 addiu	$sp, $sp, PT_SIZE
.endm

	.globl	ftrace_entry_caller
	.type	ftrace_entry_caller, @function
ftrace_entry_caller:
	addiu	$sp, $sp, -PT_SIZE
	sw	$31, PT_R31($sp)
	sw	$1, PT_R1($sp)
	sw	$4, PT_R4($sp)
	sw	$5, PT_R5($sp)
	sw	$6, PT_R6($sp)
	sw	$7, PT_R7($sp)
	move	$5, $31			/* a1: the caller's return address */

	.globl	ftrace_entry_call
ftrace_entry_call:
	nop
	 addiu	$4, $1, -SITE_SIZE	/* a0: the site */
	.globl	ftrace_entry_graph_call
ftrace_entry_graph_call:
	nop
	 nop
	return_to_site
	.size	ftrace_entry_caller, . - ftrace_entry_caller

	.globl	ftrace_entry_stub
	.type	ftrace_entry_stub, @function
ftrace_entry_stub:
	jr	$31
	 nop
	.size	ftrace_entry_stub, . - ftrace_entry_stub

/*
 * prepare_ftrace_return(slot that holds the caller's return address, ra of the site, fp): the slot is the one that ra
 * is restored from. prepare_ftrace_return finds a site that begins with lui v1 20 bytes before the ra that it is given,
 * so ra is passed as the site's address plus 20. It assumes that a site whose fourth word isn't jalr v1 passes the
 * right slot, so it doesn't read fp.
 */
	.globl	ftrace_entry_graph_caller
	.type	ftrace_entry_graph_caller, @function
ftrace_entry_graph_caller:
	lw	$5, PT_R1($sp)
	addiu	$4, $sp, PT_R31
	jal	prepare_ftrace_return
	 addiu	$5, $5, 20 - SITE_SIZE
	return_to_site
	.size	ftrace_entry_graph_caller, . - ftrace_entry_graph_caller

	.globl	lab_trace_entry
	.type	lab_trace_entry, @function
lab_trace_entry:
	.word	TRACE_CALL
	jr	$31
	 nop
	.size	lab_trace_entry, . - lab_trace_entry
