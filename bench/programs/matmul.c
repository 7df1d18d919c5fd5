/* Products of small integer matrices: multiplications in a short inner loop with a stride. */

#define N 16

static int a[N][N], b[N][N], c[N][N];

unsigned matmul(unsigned rounds)
{
	unsigned sum = 0;

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			a[i][j] = i * 3 - j;
			b[i][j] = (i ^ j) + 1;
		}
	for (unsigned round = 0; round < rounds; round++) {
		for (int i = 0; i < N; i++)
			for (int j = 0; j < N; j++) {
				int total = 0;
				for (int k = 0; k < N; k++)
					total += a[i][k] * b[k][j];
				c[i][j] = total;
			}
		for (int i = 0; i < N; i++)
			a[i][round % N] = c[i][i] % 1009 + (int)round;
		sum = sum * 31 + (unsigned)c[round % N][3];
	}
	return sum;
}
