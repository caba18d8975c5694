/// Softmax over contiguous rows.
#include "elementary.h"

/// Shifts by the row's maximum, so that nothing overflows; the exponentials are kept in `out` for the second pass.
/// A row with NaN, or of −∞ only, becomes NaN.
APUS_CLONES static void exponentials_f32(float *out, const float *x, float shift, long n) {
    APUS_VECTORIZE for (long i = 0; i < n; ++i) out[i] = exp_f32(x[i] - shift);
}

static void exponentials_f64(double *out, const double *x, double shift, long n) {
    for (long i = 0; i < n; ++i) out[i] = exp(x[i] - shift);
}

/// Elements whose exponentials are made at a time; rows up to SHORT are taken several at a time.
enum { TILE = 1024, SHORT = 64 };

#define SOFTMAX(suffix, type, dtype)                                                                          \
    APUS_CLONES static void scale_##suffix(type *out, const type *x, type factor, long n) {                   \
        APUS_VECTORIZE for (long i = 0; i < n; ++i) out[i] = x[i] * factor;                                   \
    }                                                                                                         \
                                                                                                              \
    APUS_CLONES static void shift_##suffix(type *out, const type *x, type shift, type logarithm, long n) {    \
        APUS_VECTORIZE for (long i = 0; i < n; ++i) out[i] = (x[i] - shift) - logarithm;                      \
    }                                                                                                         \
                                                                                                              \
    /* Short rows share tiles, so that the exponentials still run in long vectors. */                         \
    APUS_CLONES static void softmax_tile_##suffix(type *out, const type *x, long rows, long n, bool logarithm) { \
        type tile[TILE], shifts[TILE];                                                                        \
        for (long row = 0; row < rows; ++row) {                                                               \
            const type *values = x + row * n;                                                                 \
            type greatest = values[0];                                                                        \
            for (long i = 1; i < n; ++i) greatest = values[i] > greatest ? values[i] : greatest;              \
            shifts[row] = greatest;                                                                           \
            for (long i = 0; i < n; ++i) tile[row * n + i] = values[i] - greatest;                            \
        }                                                                                                     \
        exponentials_##suffix(tile, tile, 0, rows * n);                                                       \
        for (long row = 0; row < rows; ++row) {                                                               \
            type sum = 0;                                                                                     \
            for (long i = 0; i < n; ++i) sum += tile[row * n + i];                                            \
            type *results = out + row * n;                                                                    \
            if (logarithm) {                                                                                  \
                const type *values = x + row * n;                                                             \
                type shift = shifts[row], shrink = (type)log((double)sum);                                    \
                for (long i = 0; i < n; ++i) results[i] = (values[i] - shift) - shrink;                       \
            } else {                                                                                          \
                type factor = 1 / sum;                                                                        \
                for (long i = 0; i < n; ++i) results[i] = tile[row * n + i] * factor;                         \
            }                                                                                                 \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    static void softmax_row_##suffix(type *out, const type *x, long n, bool logarithm) {                      \
        type greatest = -(type)INFINITY, sum = 0, tile[TILE];                                                 \
        apus_reduce_rows(&greatest, x, 1, n, APUS_MAXIMUM, dtype);                                            \
        for (long i = 0; i < n; i += TILE) {                                                                  \
            long count = n - i < TILE ? n - i : TILE;                                                         \
            type *values = logarithm ? tile : out + i;                                                        \
            exponentials_##suffix(values, x + i, greatest, count);                                            \
            apus_reduce_rows(&sum, values, 1, count, APUS_SUM, dtype);                                        \
        }                                                                                                     \
        if (logarithm) {                                                                                      \
            shift_##suffix(out, x, greatest, (type)log((double)sum), n);                                      \
        } else {                                                                                              \
            scale_##suffix(out, out, 1 / sum, n);                                                             \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    static void softmax_##suffix(type *out, const type *x, long rows, long n, bool logarithm) {               \
        long together = n > 0 && n <= SHORT ? TILE / n : 1;                                                   \
        for (long row = 0; row < rows; row += together) {                                                     \
            long count = rows - row < together ? rows - row : together;                                       \
            if (together > 1) {                                                                               \
                softmax_tile_##suffix(out + row * n, x + row * n, count, n, logarithm);                       \
            } else {                                                                                          \
                softmax_row_##suffix(out + row * n, x + row * n, n, logarithm);                               \
            }                                                                                                 \
        }                                                                                                     \
    }

SOFTMAX(f32, float, APUS_FLOAT32)
SOFTMAX(f64, double, APUS_FLOAT64)

void apus_softmax(void *out, const void *x, long rows, long columns, int logarithm, int dtype) {
    if (dtype == APUS_FLOAT32) {
        softmax_f32(out, x, rows, columns, logarithm);
    } else {
        softmax_f64(out, x, rows, columns, logarithm);
    }
}
