// Matrix products of float64, which oneDNN doesn't have.

#include "internal.h"

/// One row of the result: `out[j] = Σ_p a[p] · b[p, j]`, the inner loop along the rows of b.
APUS_CLONES
static void row(double *restrict out, const double *a, long aStride, const double *b, long n, long k, long bRow, long bColumn)
{
    for (long j = 0; j < n; j++) out[j] = 0;
    for (long p = 0; p < k; p++) {
        double factor = a[p * aStride];
        const double *restrict line = b + p * bRow;
        if (bColumn == 1) {
            for (long j = 0; j < n; j++) out[j] += factor * line[j];
        } else {
            for (long j = 0; j < n; j++) out[j] += factor * line[j * bColumn];
        }
    }
}

void apus_matmul_f64(
    double *out, const double *a, const double *b, long m, long n, long k, const long *aStrides, const long *bStrides,
    long begin, long end)
{
    for (long line = begin; line < end; line++) {
        long batch = line / m, i = line % m;
        row(out + line * n, a + batch * aStrides[0] + i * aStrides[1], aStrides[2], b + batch * bStrides[0], n, k,
            bStrides[1], bStrides[2]);
    }
}
