/*
 * lab_trace_function, the function that ftrace_call jumps to: it writes one ring record for each call. 6.1's ip is
 * correct for a module's six-word site and for kernel text. For the other forms that gcc makes, this function reads
 * the words before the call and finds the address that __mcount_loc holds. So an event means the same in native and
 * in guest-code tracing. ip = ra - 24 is passed in a0, parent in a1.
 *
 *   jal _mcount (the modules of 2009)                  the site is the jal, at ip + 16
 *   lui addiu move jalr addiu                          no ra address: the lui is at ip + 4
 *   lui addiu move addiu jalr addiu                    at ip
 *   lui addiu move addiu addiu jalr nop                -O0: at ip - 4
 *   lui addiu move li addu jalr addiu, lui ori addu    ra saved past 32 KiB: at ip - 4, ip - 8
 *
 * The site may have been switched off since: then the jal is a nop, and the lui is a b. The code never reads below
 * the site, because there may be no memory.
 */
#include "export.h"
#include "words.h"

	.set	noreorder
	.set	noat
	.text

	.globl	lab_trace_function
	.type	lab_trace_function, @function
lab_trace_function:
	lw	$8, 16($4)
	li	$9, 0x0060		/* jalr v1 */
	srl	$8, $8, 16
	bne	$8, $9, short_call
	 lui	$9, 0x1000
	lui	$10, 0x100c		/* of a site's words, only lui v1 and b have 1000 in these bits */
	addiu	$11, $4, -16
next_word:
	lw	$8, 4($4)
	and	$8, $8, $10
	beq	$8, $9, long_call
	 addiu	$4, $4, -4
	bne	$4, $11, next_word
	 nop
	addiu	$4, $4, 16		/* no known form: keep 6.1's ip */
	.word	TRACE_CALL
	jr	$31
	 nop
long_call:
	addiu	$4, $4, 8
	.word	TRACE_CALL
	jr	$31
	 nop
short_call:
	addiu	$4, $4, 16
	.word	TRACE_CALL
	jr	$31
	 nop
	.size	lab_trace_function, . - lab_trace_function
