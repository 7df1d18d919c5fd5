/* A big switch: a state machine that takes a text apart into numbers, names, strings, comments and operators. */

static const char text[] =
	"static int f(int a) { return a * 0x1f + g(\"a \\\" b\", 'c') / 12; } /* the end */ "
	"while (x1 <= 0755 && y_2 != z) { p->q += 3 << n; s = \"long \\n string\"; } // rest\n";

enum { START, NAME, ZERO, HEX, OCTAL, DECIMAL, STRING, STRING_ESCAPE, CHAR, CHAR_ESCAPE, SLASH, LINE, BLOCK, BLOCK_STAR, LESS, MORE,
       EQUAL, NOT, AND, PLUS, MINUS };

static int isLetter(unsigned c)
{
	return (c | 32) - 'a' < 26 || c == '_';
}

static int isDigit(unsigned c)
{
	return c - '0' < 10;
}

static unsigned step(unsigned state, unsigned c, unsigned *tokens)
{
	switch (state) {
	case START:
		switch (c) {
		case ' ': case '\n': return START;
		case '"': return STRING;
		case '\'': return CHAR;
		case '/': return SLASH;
		case '<': return LESS;
		case '>': return MORE;
		case '=': return EQUAL;
		case '!': return NOT;
		case '&': return AND;
		case '+': return PLUS;
		case '-': return MINUS;
		case '0': return ZERO;
		}
		if (isLetter(c))
			return NAME;
		if (isDigit(c))
			return DECIMAL;
		*tokens += c;
		return START;
	case NAME:
		if (isLetter(c) || isDigit(c))
			return NAME;
		break;
	case ZERO:
		if (c == 'x')
			return HEX;
		if (isDigit(c))
			return OCTAL;
		break;
	case HEX:
		if (isDigit(c) || (c | 32) - 'a' < 6)
			return HEX;
		break;
	case OCTAL:
		if (c - '0' < 8)
			return OCTAL;
		break;
	case DECIMAL:
		if (isDigit(c))
			return DECIMAL;
		break;
	case STRING:
		return c == '\\' ? STRING_ESCAPE : c == '"' ? START : STRING;
	case STRING_ESCAPE:
		return STRING;
	case CHAR:
		return c == '\\' ? CHAR_ESCAPE : c == '\'' ? START : CHAR;
	case CHAR_ESCAPE:
		return CHAR;
	case SLASH:
		if (c == '/')
			return LINE;
		if (c == '*')
			return BLOCK;
		break;
	case LINE:
		return c == '\n' ? START : LINE;
	case BLOCK:
		return c == '*' ? BLOCK_STAR : BLOCK;
	case BLOCK_STAR:
		return c == '/' ? START : c == '*' ? BLOCK_STAR : BLOCK;
	case LESS: case MORE: case EQUAL: case NOT:
		if (c == '=' || c == '<')
			return START;
		break;
	case AND: case PLUS: case MINUS:
		if (c == '&' || c == '=' || c == '>')
			return START;
		break;
	}
	*tokens = *tokens * 31 + state;
	return step(START, c, tokens);
}

unsigned states(unsigned rounds)
{
	unsigned tokens = 0;

	for (unsigned round = 0; round < rounds; round++) {
		unsigned state = START;

		for (const char *at = text; *at; at++)
			state = step(state, (unsigned char)*at, &tokens);
		tokens += round;
	}
	return tokens;
}
