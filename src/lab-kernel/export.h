/*
 * How the lab offers a symbol to modules. Each export is one entry of __ksymtab, as a 32-bit MIPS
 * kernel lays it out (value, name, namespace; no namespace is a null pointer), so farjal's own loader
 * reads the lab's exports as it reads any module's. A service is an export that only a booted kernel
 * could give (memory, locks, the log, time); its name is listed once more in .lab_services, so that
 * the host can send the real kernel's copy here when a real kernel image is mapped but not booted.
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
