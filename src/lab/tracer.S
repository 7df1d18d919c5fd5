/*
 * lab_trace_function, the function that ftrace_call jumps to: one ring record a call. 6.1's ip is
 * right for a module's six-word site and for kernel text; this reads the words at the site and names
 * the one that __mcount_loc names for every other form gcc makes, so that an event means the same
 * whichever way it was taken. ip arrives in a0, parent in a1.
 *
 *   jal _mcount (the modules of 2009)     the call at ip + 16 is a jal: that is the site
 *   lui addiu move jalr addiu             no ra address: one word shorter, the lui is at ip + 4
 *   lui addiu move move addiu jalr nop    -O0: one word longer, the lui is at ip - 4
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
	li	$9, 0x03		/* jal */
	srl	$8, $8, 26
	beq	$8, $9, short_call
	 lw	$8, 4($4)
	li	$9, 0x3c03		/* lui v1 */
	srl	$8, $8, 16
	beq	$8, $9, one_word_shorter
	 lw	$8, 0($4)
	li	$9, 0x2463		/* addiu v1,v1 */
	srl	$8, $8, 16
	bne	$8, $9, record
	 nop
	addiu	$4, $4, -8
one_word_shorter:
	addiu	$4, $4, 4
record:
	.word	TRACE_CALL
	jr	$31
	 nop
short_call:
	addiu	$4, $4, 16
	.word	TRACE_CALL
	jr	$31
	 nop
	.size	lab_trace_function, . - lab_trace_function
