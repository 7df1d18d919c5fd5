/* Runs one program of this folder natively or under qemu-user: prints the sum for each number of rounds given. */

#include <stdio.h>
#include <stdlib.h>

unsigned PROGRAM(unsigned rounds);

int main(int count, char **arguments)
{
	for (int i = 1; i < count; i++)
		printf("%s%u", i > 1 ? " " : "", PROGRAM(strtoul(arguments[i], 0, 0)));
	putchar('\n');
	return 0;
}
