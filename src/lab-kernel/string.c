/*
 * NUL-terminated text, with the kernel's names and the kernel's own variants: sizes that include the terminator,
 * strscpy's -E2BIG, strnstr, strreplace and so on. It works byte by byte on purpose: this is simple, and never reads
 * past a terminator.
 */
#include "lab.h"

static inline int lower(int character)
{
	return character >= 'A' && character <= 'Z' ? character + ('a' - 'A') : character;
}

static inline bool is_space(int character)
{
	return character == ' ' || (character >= '\t' && character <= '\r') || character == 0xa0;
}

size_t strlen(const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	return end - text;
}
EXPORT(strlen);

size_t strnlen(const char *text, size_t limit)
{
	size_t length = 0;

	while (length < limit && text[length])
		length++;
	return length;
}
EXPORT(strnlen);

int strncmp(const char *a, const char *b, size_t limit)
{
	for (; limit; limit--, a++, b++) {
		if (*a != *b)
			return (u8)*a < (u8)*b ? -1 : 1;
		if (!*a)
			break;
	}
	return 0;
}
EXPORT(strncmp);

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, (size_t)-1);
}
EXPORT(strcmp);

int strncasecmp(const char *a, const char *b, size_t limit)
{
	for (; limit; limit--, a++, b++) {
		int difference = lower((u8)*a) - lower((u8)*b);

		if (difference || !*a)
			return difference;
	}
	return 0;
}
EXPORT(strncasecmp);

int strcasecmp(const char *a, const char *b)
{
	return strncasecmp(a, b, (size_t)-1);
}
EXPORT(strcasecmp);

char *strcpy(char *to, const char *from)
{
	return memcpy(to, from, strlen(from) + 1);
}
EXPORT(strcpy);

char *stpcpy(char *to, const char *from)
{
	size_t length = strlen(from);

	memcpy(to, from, length + 1);
	return to + length;
}
EXPORT(stpcpy);

/* Fills the rest of the field with NULs; a text that fills the field has no NUL. */
char *strncpy(char *to, const char *from, size_t size)
{
	size_t length = strnlen(from, size);

	memcpy(to, from, length);
	memset(to + length, 0, size - length);
	return to;
}
EXPORT(strncpy);

/* Returns strlen(from); the copy is truncated to size - 1. */
size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t length = strlen(from);

	if (size) {
		size_t copied = length < size ? length : size - 1;

		memcpy(to, from, copied);
		to[copied] = '\0';
	}
	return length;
}
EXPORT(strlcpy);

/* Returns the copied length, or -E2BIG when the text was truncated. */
long strscpy(char *to, const char *from, size_t size)
{
	size_t length;

	if (size == 0 || size > 0x7fffffff)
		return -E2BIG;
	length = strnlen(from, size);
	if (length == size) {
		memcpy(to, from, size - 1);
		to[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(to, from, length + 1);
	return length;
}
EXPORT(strscpy);

long strscpy_pad(char *to, const char *from, size_t size)
{
	long length = strscpy(to, from, size);

	if (length >= 0)
		memset(to + length, 0, size - length);
	return length;
}
EXPORT(strscpy_pad);

char *strcat(char *to, const char *from)
{
	strcpy(to + strlen(to), from);
	return to;
}
EXPORT(strcat);

char *strncat(char *to, const char *from, size_t limit)
{
	size_t start = strlen(to), length = strnlen(from, limit);

	memcpy(to + start, from, length);
	to[start + length] = '\0';
	return to;
}
EXPORT(strncat);

/* Returns the length that the whole text would have; to must be terminated within size. */
size_t strlcat(char *to, const char *from, size_t size)
{
	size_t start = strlen(to);

	if (start >= size)
		panic("strlcat: the text is %zu bytes long in a buffer of %zu", start, size);
	return start + strlcpy(to + start, from, size - start);
}
EXPORT(strlcat);

char *strchrnul(const char *text, int character)
{
	while (*text && *text != (char)character)
		text++;
	return (char *)text;
}
EXPORT(strchrnul);

char *strchr(const char *text, int character)
{
	char *found = strchrnul(text, character);

	return *found == (char)character ? found : NULL;
}
EXPORT(strchr);

char *strnchr(const char *text, size_t limit, int character)
{
	for (; limit; limit--, text++) {
		if (*text == (char)character)
			return (char *)text;
		if (!*text)
			break;
	}
	return NULL;
}
EXPORT(strnchr);

char *strrchr(const char *text, int character)
{
	const char *found = NULL;

	do {
		if (*text == (char)character)
			found = text;
	} while (*text++);
	return (char *)found;
}
EXPORT(strrchr);

char *strnstr(const char *text, const char *wanted, size_t limit)
{
	size_t length = strlen(wanted);

	for (; limit >= length; limit--, text++) {
		if (!memcmp(text, wanted, length))
			return (char *)text;
		if (!*text)
			break;
	}
	return NULL;
}
EXPORT(strnstr);

char *strstr(const char *text, const char *wanted)
{
	return strnstr(text, wanted, strlen(text));
}
EXPORT(strstr);

static size_t span(const char *text, const char *set, bool inside)
{
	size_t length = 0;

	while (text[length] && (strchr(set, text[length]) != NULL) == inside)
		length++;
	return length;
}

size_t strspn(const char *text, const char *set)
{
	return span(text, set, true);
}
EXPORT(strspn);

size_t strcspn(const char *text, const char *set)
{
	return span(text, set, false);
}
EXPORT(strcspn);

char *strpbrk(const char *text, const char *set)
{
	text += strcspn(text, set);
	return *text ? (char *)text : NULL;
}
EXPORT(strpbrk);

/* Removes the next token from *text; an empty token counts. */
char *strsep(char **text, const char *set)
{
	char *token = *text, *end;

	if (!token)
		return NULL;
	end = strpbrk(token, set);
	if (end)
		*end++ = '\0';
	*text = end;
	return token;
}
EXPORT(strsep);

char *skip_spaces(const char *text)
{
	while (is_space((u8)*text))
		text++;
	return (char *)text;
}
EXPORT(skip_spaces);

char *strim(char *text)
{
	size_t length = strlen(text);

	while (length && is_space((u8)text[length - 1]))
		length--;
	text[length] = '\0';
	return skip_spaces(text);
}
EXPORT(strim);

/* Returns the end of the text. */
char *strreplace(char *text, char old, char new)
{
	for (; *text; text++)
		if (*text == old)
			*text = new;
	return text;
}
EXPORT(strreplace);

/* Returns whether the texts are equal; one newline at the end of either is ignored. */
bool sysfs_streq(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return true;
	if (!*a && *b == '\n')
		return !b[1];
	return !*b && *a == '\n' && !a[1];
}
EXPORT(sysfs_streq);

/* Returns the index of text among count entries (a null entry ends them), or -EINVAL. */
int match_string(const char *const *entries, size_t count, const char *text)
{
	size_t index;

	for (index = 0; index < count && entries[index]; index++)
		if (!strcmp(entries[index], text))
			return index;
	return -EINVAL;
}
EXPORT(match_string);
