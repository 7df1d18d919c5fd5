/*
 * Relocations of position-independent code in n64: entries with three types, of which the kernel reads only the
 * first. It is never run.
 */
	.set noreorder
	.text
	.globl composite
	.type composite, @function
composite:
	lui	$28, %hi(%neg(%gp_rel(composite)))
	jr	$31
	daddiu	$28, $28, %lo(%neg(%gp_rel(composite)))
	.size composite, . - composite

	.section .modinfo, "a"
	.asciz	"license=GPL"
