/* An interpreter of bytecode with a jump table: sums, products and a sieve of small numbers. */

enum { PUSH, ADD, SUB, MUL, LOAD, STORE, GET, PUT, LESS, JUMP_IF, JUMP, DUP, XOR, HALT };

#define SIEVE 64

/* a = 2; while (a < 64) { if (!sieve[a]) { s = s * 3 ^ a; b = a + a; while (b < 64) { sieve[b] = 1; b += a } } a++ } */
static const unsigned char code[] = {
	PUSH, 2, STORE, 0,
	/* 4 */ LOAD, 0, PUSH, SIEVE, LESS, JUMP_IF, 13, JUMP, 58,
	/* 13 */ LOAD, 0, GET, JUMP_IF, 49,
	LOAD, 2, PUSH, 3, MUL, LOAD, 0, XOR, STORE, 2,
	LOAD, 0, DUP, ADD, STORE, 1,
	/* 34 */ LOAD, 1, PUSH, SIEVE, LESS, JUMP_IF, 59, JUMP, 49,
	/* 43 */ HALT, HALT, HALT, HALT, HALT, HALT,
	/* 49 */ LOAD, 0, PUSH, 1, ADD, STORE, 0, JUMP, 4,
	/* 58 */ HALT,
	/* 59 */ PUSH, 1, LOAD, 1, PUT, LOAD, 1, LOAD, 0, ADD, STORE, 1, JUMP, 34,
};

static unsigned sieve[SIEVE];

static unsigned execute(unsigned seed)
{
	unsigned stack[8], variables[3] = { 0, 0, seed };
	unsigned *top = stack;
	const unsigned char *at = code;

	for (;;)
		switch (*at++) {
		case PUSH:
			*top++ = *at++;
			break;
		case ADD:
			top--;
			top[-1] += *top;
			break;
		case SUB:
			top--;
			top[-1] -= *top;
			break;
		case MUL:
			top--;
			top[-1] *= *top;
			break;
		case XOR:
			top--;
			top[-1] ^= *top;
			break;
		case LESS:
			top--;
			top[-1] = top[-1] < *top;
			break;
		case LOAD:
			*top++ = variables[*at++];
			break;
		case STORE:
			variables[*at++] = *--top;
			break;
		case GET:
			top[-1] = sieve[top[-1]];
			break;
		case PUT:
			top -= 2;
			sieve[top[1]] = *top;
			break;
		case DUP:
			*top = top[-1];
			top++;
			break;
		case JUMP_IF:
			at = *--top ? code + *at : at + 1;
			break;
		case JUMP:
			at = code + *at;
			break;
		default:
			return variables[2];
		}
}

unsigned vm(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < SIEVE; i++)
			sieve[i] = 0;
		sum = execute(sum + round);
	}
	return sum;
}
