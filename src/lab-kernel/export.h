/*
 * How the lab exports a symbol to modules. Each export is one entry of __ksymtab in the layout of a 32-bit MIPS
 * kernel (value, name, namespace; a null pointer for no namespace), so farjal's loader reads the lab's exports as it
 * reads any module's. A service is an export that only a booted kernel could provide (memory, locks, the log, time).
 * Its name is listed again in .lab_services: when a real kernel image is mapped but not booted, the host redirects
 * that kernel's copy to the lab's.
 *
 * .lab_services and .lab_hypercalls hold NUL-terminated names one after the other; they aren't loaded.
 */
#ifndef LAB_EXPORT_H
#define LAB_EXPORT_H

#define EXPORT_LINES(symbol)                   \
	.pushsection __ksymtab_strings, "a";   \
	9: .asciz #symbol;                     \
	.popsection;                           \
	.pushsection __ksymtab, "a";           \
	.balign 4;                             \
	.word symbol, 9b, 0;                   \
	.popsection

#define SERVICE_LINES(symbol)                  \
	EXPORT_LINES(symbol);                  \
	.pushsection .lab_services, "";        \
	.asciz #symbol;                        \
	.popsection

#ifdef __ASSEMBLER__
#define EXPORT(symbol) EXPORT_LINES(symbol)
#define SERVICE(symbol) SERVICE_LINES(symbol)
#else
#define LINES_AS_TEXT(...) #__VA_ARGS__
#define TEXT(lines) LINES_AS_TEXT(lines)
#define EXPORT(symbol) __asm__(TEXT(EXPORT_LINES(symbol)))
#define SERVICE(symbol) __asm__(TEXT(SERVICE_LINES(symbol)))
#endif

#endif
