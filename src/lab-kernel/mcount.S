/*
 * _mcount of a MIPS kernel with dynamic ftrace: the same instructions in the same places as in the 32-bit 6.1 kernel,
 * so that tracing costs the same here and the tracer patches the same words (the original is
 * arch/mips/kernel/mcount.S).
 *
 * A call site has moved the caller's return address to at. It may have put the address of the saved ra into t4 (0
 * when ra isn't saved). It has pushed 8 bytes, which o32 requires of _mcount's callers.
 *
 * Words that the host patches:
 *   _mcount             b ftrace_stub; nop when dynamic ftrace is ready
 *   ftrace_call         nop; jal to the tracer (lab_trace_function); jal ftrace_stub after the last tracer
 *   ftrace_graph_call   nop; j ftrace_graph_caller
 *
 * The ip passed to the tracer is computed as in 6.1: ra - 8, less 16 when ra is outside _stext.._etext (a module's
 * six-word site). For other forms of site it is wrong by a few words; tracer.S corrects it.
 */
#include "export.h"

#define PT_SIZE 184
#define PT_R1 36
#define PT_R2 40
#define PT_R3 44
#define PT_R4 48
#define PT_R5 52
#define PT_R6 56
#define PT_R7 60
#define PT_R12 80
#define PT_R31 156

	.set	noreorder
	.set	noat
	.text

.macro restore_registers
	lw	$31, PT_R31($sp)
	lw	$1, PT_R1($sp)
	lw	$4, PT_R4($sp)
	lw	$5, PT_R5($sp)
	lw	$6, PT_R6($sp)
	lw	$7, PT_R7($sp)
	addiu	$sp, $sp, PT_SIZE
.endm

	.balign	16
	.globl	_mcount, ftrace_caller
	.type	_mcount, @function
	.type	ftrace_caller, @function
_mcount:
ftrace_caller:
	b	.Lftrace_stub
	 addiu	$sp, $sp, 8		/* pops what the site pushed */
	addiu	$sp, $sp, -PT_SIZE	/* kernel text's sites enter here, at _mcount + 8 */
	sw	$31, PT_R31($sp)
	sw	$1, PT_R1($sp)
	sw	$4, PT_R4($sp)
	sw	$5, PT_R5($sp)
	sw	$6, PT_R6($sp)
	sw	$7, PT_R7($sp)
	sw	$12, PT_R12($sp)

	addiu	$4, $31, -8		/* a0: the site, if it is in kernel text */
	lui	$9, %hi(_stext)
	addiu	$9, $9, %lo(_stext)
	sltu	$10, $4, $9		/* t2: below */
	lui	$9, %hi(_etext)
	addiu	$9, $9, %lo(_etext)
	sltu	$11, $9, $4		/* t3: above */
	or	$10, $10, $11
	beqz	$10, .Lftrace_call
	 nop
	addiu	$4, $4, -16		/* a module's site: lui, four words, jalr */

	.globl	ftrace_call
ftrace_call:
.Lftrace_call:			/* with a global label, the assembler would leave a branch to a relocation */
	nop
	 move	$5, $1			/* a1: the caller's return address */
	.globl	ftrace_graph_call
ftrace_graph_call:
	nop
	 nop
	restore_registers

	.globl	ftrace_stub
	.type	ftrace_stub, @function
ftrace_stub:
.Lftrace_stub:
	jr	$31
	 move	$31, $1
	.size	_mcount, . - _mcount
	.size	ftrace_caller, . - ftrace_caller
	.size	ftrace_stub, . - ftrace_stub
EXPORT(_mcount)

/*
 * prepare_ftrace_return(slot that holds the caller's return address, ra of the site, fp). A leaf keeps the return
 * address in at, so the slot that at is restored from is passed. fp is the frame's top: PT_SIZE + 8 above the frame
 * here, hence the at slot is fp - PT_SIZE - 8 + PT_R1.
 */
	.globl	ftrace_graph_caller
	.type	ftrace_graph_caller, @function
ftrace_graph_caller:
	lw	$4, PT_R12($sp)
	bnez	$4, 1f
	 nop
	addiu	$4, $sp, PT_R1
1:	lw	$5, PT_R31($sp)
	jal	prepare_ftrace_return
	 addiu	$6, $sp, PT_SIZE + 8
	nop				/* keeps the length of 6.1's code */
	restore_registers
	jr	$31
	 move	$31, $1
	.size	ftrace_graph_caller, . - ftrace_graph_caller

/* A traced function returns here. The results are saved while the tracer returns the real return address. */
	.globl	return_to_handler
	.type	return_to_handler, @function
return_to_handler:
	addiu	$sp, $sp, -PT_SIZE
	sw	$2, PT_R2($sp)
	jal	ftrace_return_to_handler
	 sw	$3, PT_R3($sp)
	move	$31, $2
	lw	$2, PT_R2($sp)
	lw	$3, PT_R3($sp)
	jr	$31
	 addiu	$sp, $sp, PT_SIZE
	.size	return_to_handler, . - return_to_handler
