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

/// The sum of exponentials, without storing them but a tile at a time.
enum { TILE = 1024 };

#define SOFTMAX(suffix, type, dtype)                                                                          \
    APUS_CLONES static void scale_##suffix(type *out, const type *x, type factor, long n) {                   \
        APUS_VECTORIZE for (long i = 0; i < n; ++i) out[i] = x[i] * factor;                                   \
    }                                                                                                         \
                                                                                                              \
    APUS_CLONES static void shift_##suffix(type *out, const type *x, type shift, type logarithm, long n) {    \
        APUS_VECTORIZE for (long i = 0; i < n; ++i) out[i] = (x[i] - shift) - logarithm;                      \
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
    }

SOFTMAX(f32, float, APUS_FLOAT32)
SOFTMAX(f64, double, APUS_FLOAT64)

void apus_softmax(void *out, const void *x, long rows, long columns, int logarithm, int dtype) {
    for (long row = 0; row < rows; ++row) {
        if (dtype == APUS_FLOAT32) {
            softmax_row_f32((float *)out + row * columns, (const float *)x + row * columns, columns, logarithm);
        } else {
            softmax_row_f64((double *)out + row * columns, (const double *)x + row * columns, columns, logarithm);
        }
    }
}
