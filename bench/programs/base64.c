/* Table driven: bytes into base64 and back, by one table each way. */

#define BYTES 192

static const char letters[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static unsigned char values[128];
static unsigned char bytes[BYTES], back[BYTES];
static char coded[BYTES / 3 * 4];

unsigned base64(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < 64; i++)
		values[(unsigned char)letters[i]] = i;
	for (unsigned i = 0; i < BYTES; i++)
		bytes[i] = i * 7 + (i >> 3);
	for (unsigned round = 0; round < rounds; round++) {
		char *out = coded;

		for (const unsigned char *at = bytes; at < bytes + BYTES; at += 3) {
			unsigned three = at[0] << 16 | at[1] << 8 | at[2];

			*out++ = letters[three >> 18];
			*out++ = letters[three >> 12 & 63];
			*out++ = letters[three >> 6 & 63];
			*out++ = letters[three & 63];
		}
		for (unsigned i = 0, to = 0; i < sizeof coded; i += 4, to += 3) {
			unsigned three = values[(unsigned char)coded[i]] << 18 | values[(unsigned char)coded[i + 1]] << 12 |
					 values[(unsigned char)coded[i + 2]] << 6 | values[(unsigned char)coded[i + 3]];

			back[to] = three >> 16;
			back[to + 1] = three >> 8;
			back[to + 2] = three;
		}
		for (unsigned i = 0; i < BYTES; i++)
			sum = sum * 3 + back[i];
		bytes[round % BYTES] ^= sum;
	}
	return sum;
}
