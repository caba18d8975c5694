/// Matrix times vector: bound by the reading of the matrix, which is done once, in streams.
#include "internal.h"

typedef float lanes __attribute__((vector_size(64), aligned(4)));
enum { LANES = 16, ROWS = 4, UNROLLED = 2 };

/// Dot products of `count` ≤ ROWS rows, which share the loads of x.
APUS_INLINE void dot_rows(float *out, const float *rows, long stride, const float *x, long k, int count) {
    lanes sums[ROWS][UNROLLED] = {0};
    long p = 0;
    for (; p + UNROLLED * LANES <= k; p += UNROLLED * LANES) {
        for (int r = 0; r < count; ++r) {
            for (int u = 0; u < UNROLLED; ++u) {
                sums[r][u] += *(const lanes *)(rows + r * stride + p + u * LANES) * *(const lanes *)(x + p + u * LANES);
            }
        }
    }
    for (int r = 0; r < count; ++r) {
        float sum = 0;
        for (int lane = 0; lane < LANES; ++lane) sum += sums[r][0][lane] + sums[r][1][lane];
        for (long q = p; q < k; ++q) sum += rows[r * stride + q] * x[q];
        out[r] = sum;
    }
}

APUS_CLONES static void dot_range(float *out, const float *rows, long stride, const float *x, long count, long k) {
    long i = 0;
    for (; i + ROWS <= count; i += ROWS) dot_rows(out + i, rows + i * stride, stride, x, k, ROWS);
    for (; i < count; ++i) dot_rows(out + i, rows + i * stride, stride, x, k, 1);
}

/// out[j] = Σ_p x[p] rows[p, j], several rows at a time, so that `out` is passed over less often.
APUS_CLONES static void
combine_range(float *restrict out, const float *restrict rows, long stride, const float *x, long count, long k) {
    enum { TOGETHER = 8 };
    for (long j = 0; j < count; ++j) out[j] = 0;
    long p = 0;
    for (; p + TOGETHER <= k; p += TOGETHER) {
        const float *restrict r = rows + p * stride;
        for (long j = 0; j < count; ++j) {
            float low = x[p] * r[j] + x[p + 1] * r[stride + j];
            float high = x[p + 2] * r[2 * stride + j] + x[p + 3] * r[3 * stride + j];
            float lower = x[p + 4] * r[4 * stride + j] + x[p + 5] * r[5 * stride + j];
            float upper = x[p + 6] * r[6 * stride + j] + x[p + 7] * r[7 * stride + j];
            out[j] += (low + high) + (lower + upper);
        }
    }
    for (; p < k; ++p) {
        for (long j = 0; j < count; ++j) out[j] += x[p] * rows[p * stride + j];
    }
}

typedef struct {
    float *out;
    const float *matrix, *x;
    long k, rowStride, columnStride;
} product;

static void run_range(void *context, long begin, long end) {
    const product *p = context;
    const float *matrix = p->matrix + begin * p->rowStride;
    if (p->columnStride == 1) {
        dot_range(p->out + begin, matrix, p->rowStride, p->x, end - begin, p->k);
    } else {
        combine_range(p->out + begin, matrix, p->columnStride, p->x, end - begin, p->k);
    }
}

void apus_matvec_f32(
    float *out, const float *matrix, const float *x, long n, long k, long rowStride, long columnStride)
{
    product p = {out, matrix, x, k, rowStride, columnStride};
    long grain = (1L << 15) / (k > 0 ? k : 1);  // a thread more is worth so many multiply–adds
    apus_parallel(run_range, &p, n, grain < 16 ? 16 : grain);
}
