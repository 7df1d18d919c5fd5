/* CRC-32, byte by byte through a table that the function computes first: loads that depend on each other. */

static unsigned table[256];
static unsigned char data[1024];

static unsigned update(unsigned value, const unsigned char *bytes, unsigned size)
{
	value = ~value;
	while (size--)
		value = table[(value ^ *bytes++) & 255] ^ value >> 8;
	return ~value;
}

unsigned crc(unsigned rounds)
{
	unsigned value = 0;

	for (unsigned i = 0; i < 256; i++) {
		unsigned entry = i;
		for (int bit = 0; bit < 8; bit++)
			entry = entry & 1 ? 0xedb88320u ^ entry >> 1 : entry >> 1;
		table[i] = entry;
	}
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + (i >> 4);
	for (unsigned round = 0; round < rounds; round++) {
		data[round % sizeof(data)] ^= value;
		value = update(value, data, sizeof(data));
	}
	return value;
}
