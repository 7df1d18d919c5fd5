/* The printf family. All of it calls one formatter, the host's, which knows symbols' names (hypercalls.S). */
#include "lab.h"

/* Returns the length that the whole text would have. */
int snprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}
EXPORT(snprintf);

/* Returns the number of characters written. */
int vscnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
	int length = vsnprintf(buffer, size, format, arguments);

	if ((size_t)length < size)
		return length;
	return size ? size - 1 : 0;
}
EXPORT(vscnprintf);

int scnprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vscnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}
EXPORT(scnprintf);

int vsprintf(char *buffer, const char *format, va_list arguments)
{
	return vsnprintf(buffer, 0x7fffffff, format, arguments);
}
EXPORT(vsprintf);

int sprintf(char *buffer, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsprintf(buffer, format, arguments);
	va_end(arguments);
	return length;
}
EXPORT(sprintf);

/* Formats into newly allocated memory; returns null when there is none. */
char *kvasprintf(gfp_t flags, const char *format, va_list arguments)
{
	va_list again;
	int length;
	char *text;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	text = __kmalloc(length + 1, flags);
	if (text)
		vsnprintf(text, length + 1, format, arguments);
	return text;
}
SERVICE(kvasprintf);

char *kasprintf(gfp_t flags, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = kvasprintf(flags, format, arguments);
	va_end(arguments);
	return text;
}
SERVICE(kasprintf);
