/*
 * Functions that the host provides. Each is one HYPERCALL word and a return. When the run stops there, the arguments
 * are where o32 puts a C function's (a0..a3, then the stack from sp + 16). The host puts a result in v0 (and v1) and
 * continues at the next word. The code of a hypercall is its position in .lab_hypercalls. Only that section holds the
 * names, in this order.
 *
 *   int _printk(const char *format, ...)
 *   void panic(const char *format, ...), which never returns: the host ends the run
 *   void __warn_printk(const char *format, ...)
 *   void warn_slowpath_fmt(const char *file, int line, unsigned taint, const char *format, ...)
 *   void __stack_chk_fail(void), never returns
 *   void fortify_panic(const char *name), never returns
 *   void refcount_warn_saturate(refcount_t *refcount, enum refcount_saturation_type type)
 *   int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
 *   ktime_t ktime_get(void): nanoseconds of the run's clock, a 64-bit value in v0 and v1
 */
#include "export.h"
#include "words.h"

	.set	noreorder
	.text
	.set	hypercall_code, 0

.macro hypercall name
	.pushsection .lab_hypercalls, ""
	.asciz	"\name"
	.popsection
	.globl	\name
	.type	\name, @function
\name:
	.word	HYPERCALL(hypercall_code)
	jr	$31
	 nop
	.size	\name, . - \name
	.set	hypercall_code, hypercall_code + 1
.endm

	hypercall _printk
	hypercall panic
	hypercall __warn_printk
	hypercall warn_slowpath_fmt
	hypercall __stack_chk_fail
	hypercall fortify_panic
	hypercall refcount_warn_saturate
	hypercall vsnprintf
	hypercall ktime_get

SERVICE(_printk)
SERVICE(panic)
SERVICE(__warn_printk)
SERVICE(warn_slowpath_fmt)
SERVICE(__stack_chk_fail)
SERVICE(fortify_panic)
SERVICE(refcount_warn_saturate)
EXPORT(vsnprintf)
SERVICE(ktime_get)
