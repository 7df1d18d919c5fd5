/*
 * Every relocation that a 64-bit kernel applies, with addends that carry from each part of an address into the next,
 * for symbols in the module and outside it. It is never run.
 */
	.set noreorder
	.set noat
	.set nomacro
	.text
	.globl types_here
	.type types_here, @function
types_here:
	/* A full address in six words, as gcc loads it without -msym32, and with carries. */
	.irp symbol, types_here, types_words, types_outside, types_outside + 0x8000, types_outside + 0x7fff8000, types_outside - 0x18000, types_outside + 0x123456789abc
	lui	$2, %highest(\symbol)
	lui	$3, %hi(\symbol)
	daddiu	$2, $2, %higher(\symbol)
	daddiu	$3, $3, %lo(\symbol)
	dsll32	$2, $2, 0
	daddu	$2, $2, $3
	.endr
	jal	types_there
	nop
	j	types_here + 16
	nop
	.reloc	., R_MIPS_26, types_outside_jump
	jal	0
	nop
	.reloc	., R_MIPS_PC16, types_there - 4
	b	. + 4
	nop
	.reloc	., R_MIPS_PC16, types_here - 4
	bne	$2, $3, . + 4
	nop
	.reloc	., R_MIPS_NONE, types_words
	nop
	jr	$31
	nop
	.size types_here, . - types_here

	.globl types_there
	.type types_there, @function
types_there:
	jr	$31
	nop
	.size types_there, . - types_there

	.data
	.balign 8
	.globl types_words
types_words:
	.dword	types_here, types_words + 8, types_outside, types_outside + 0x123456789abc, types_outside - 1
	.reloc	., R_MIPS_32, types_outside + 4
	.word	0
	.reloc	., R_MIPS_32, types_words
	.word	0
	/* A place where C has no pointer: it isn't aligned. */
	.byte	1, 2, 3
	.reloc	., R_MIPS_64, types_outside + 0x10203
	.8byte	0
	.byte	4
	.size types_words, . - types_words

	.section .modinfo, "a"
	.asciz	"license=GPL"
