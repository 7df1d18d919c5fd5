/*
 * lab_trace_function, the function that ftrace_call jumps to: one ring record a call. 6.1's ip is
 * right for a module's six-word site and for kernel text. This reads the words before the call and
 * names the address that __mcount_loc holds for every other form gcc makes too, so that an event means
 * the same whichever way it was taken. ip = ra - 24 arrives in a0, parent in a1.
 *
 *   jal _mcount (the modules of 2009)                  the site is the jal, at ip + 16
 *   lui addiu move jalr addiu                          no ra address: the lui is at ip + 4
 *   lui addiu move addiu jalr addiu                    at ip
 *   lui addiu move addiu addiu jalr nop                -O0: at ip - 4
 *   lui addiu move li addu jalr addiu, lui ori addu    ra saved past 32 KiB: at ip - 4, ip - 8
 *
 * The site may have been switched off since: then the jal is a nop, the lui a b. Nothing below the site is read,
 * where no memory need be.
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
	lui	$10, 0x100c		/* of a site's words, in lui v1 and b alone 1000 */
	addiu	$11, $4, -16
next_word:
	lw	$8, 4($4)
	and	$8, $8, $10
	beq	$8, $9, long_call
	 addiu	$4, $4, -4
	bne	$4, $11, next_word
	 nop
	addiu	$4, $4, 16		/* no form that is known: 6.1's word for it */
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
