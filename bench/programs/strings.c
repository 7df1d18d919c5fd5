/* Strings, a byte at a time: copy, length, comparison, search, case, and numbers as text. */

static const char *const words[] = {
	"interrupt", "handler", "kernel", "module", "relocation", "overflow", "trampoline", "region",
};

static char text[512];

static char *append(char *to, const char *from)
{
	while ((*to = *from++))
		to++;
	return to;
}

static char *append_number(char *to, unsigned number)
{
	char digits[10];
	int count = 0;

	do
		digits[count++] = '0' + number % 10;
	while (number /= 10);
	while (count)
		*to++ = digits[--count];
	*to = 0;
	return to;
}

static unsigned length(const char *string)
{
	const char *end = string;

	while (*end)
		end++;
	return end - string;
}

static const char *find(const char *string, const char *wanted)
{
	for (; *string; string++) {
		unsigned i = 0;
		while (wanted[i] && string[i] == wanted[i])
			i++;
		if (!wanted[i])
			return string;
	}
	return 0;
}

unsigned strings(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned round = 0; round < rounds; round++) {
		char *end = text;
		for (unsigned i = 0; i < 8; i++) {
			end = append(end, words[(i + round) & 7]);
			*end++ = ' ';
			end = append_number(end, round * 97 + i);
			*end++ = ' ';
			*end = 0;
		}
		for (unsigned i = 0; i < 8; i++)
			sum = sum * 31 + (unsigned)(find(text, words[i]) - text);
		for (char *c = text; *c; c++)
			if (*c >= 'a' && *c <= 'z')
				*c -= 'a' - 'A';
		for (const char *c = text; *c; c++)
			sum = sum * 33 ^ (unsigned char)*c;
		sum += length(text);
	}
	return sum;
}
