/* A grid of bytes: Conway's life on a torus, each cell from its eight neighbours. */

#define SIDE 16

static unsigned char grids[2][SIDE][SIDE];

unsigned life(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned y = 0; y < SIDE; y++)
		for (unsigned x = 0; x < SIDE; x++)
			grids[0][y][x] = (x * 7 + y * 13 + x * y * 5) % 5 < 2;
	for (unsigned round = 0; round < rounds; round++) {
		unsigned char (*from)[SIDE] = grids[round & 1], (*to)[SIDE] = grids[~round & 1];

		for (unsigned y = 0; y < SIDE; y++) {
			const unsigned char *above = from[(y - 1) % SIDE], *here = from[y], *below = from[(y + 1) % SIDE];

			for (unsigned x = 0; x < SIDE; x++) {
				unsigned left = (x - 1) % SIDE, right = (x + 1) % SIDE;
				unsigned count = above[left] + above[x] + above[right] + here[left] + here[right] + below[left] +
						 below[x] + below[right];

				to[y][x] = count == 3 || (count == 2 && here[x]);
				sum = sum * 3 + to[y][x];
			}
		}
		/* A row of new cells, so that it never dies out. */
		for (unsigned x = 0; x < SIDE; x++)
			to[round * 5 % SIDE][x] |= sum >> x & 1;
	}
	return sum;
}
