/// Running reductions.
#include "internal.h"

#define SUM(x, y) ((x) + (y))
#define PRODUCT(x, y) ((x) * (y))
#define FLOAT_MAXIMUM(x, y) ((x) > (y) || (x) != (x) ? (x) : (y))
#define FLOAT_MINIMUM(x, y) ((x) < (y) || (x) != (x) ? (x) : (y))
#define MAXIMUM(x, y) ((x) > (y) ? (x) : (y))
#define MINIMUM(x, y) ((x) < (y) ? (x) : (y))

/// Lanes first ..< first + lanes of one [extent, inner] block; `step` is the way from one element of a lane to the
/// next.
#define SCAN(operation, suffix, type, combine)                                                                \
    static void scan_lane_##operation##_##suffix(void *out, const void *x, long extent, long step) {          \
        type *to = out;                                                                                       \
        const type *from = x;                                                                                 \
        type running = from[0];                                                                               \
        to[0] = running;                                                                                      \
        for (long k = 1; k < extent; ++k) {                                                                   \
            type y = from[k * step];                                                                          \
            running = (type)combine(running, y);                                                              \
            to[k * step] = running;                                                                           \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    APUS_CLONES static void scan_##operation##_##suffix(                                                      \
        void *out, const void *x, long extent, long step, long lanes) {                                       \
        if (lanes == 1) {                                                                                     \
            scan_lane_##operation##_##suffix(out, x, extent, step);                                           \
            return;                                                                                           \
        }                                                                                                     \
        memmove(out, x, (size_t)lanes * sizeof(type));                                                        \
        for (long k = 1; k < extent; ++k) {                                                                   \
            type *to = (type *)out + k * step;                                                                \
            const type *from = (const type *)x + k * step, *before = to - step;                               \
            APUS_VECTORIZE for (long lane = 0; lane < lanes; ++lane) {                                        \
                type y = before[lane], z = from[lane];                                                        \
                to[lane] = (type)combine(y, z);                                                               \
            }                                                                                                 \
        }                                                                                                     \
    }

#define SCANS(type, sum_type, suffix, greater, lesser)                                                        \
    SCAN(sum, suffix, sum_type, SUM)                                                                          \
    SCAN(product, suffix, sum_type, PRODUCT)                                                                  \
    SCAN(maximum, suffix, type, greater)                                                                      \
    SCAN(minimum, suffix, type, lesser)

SCANS(float, float, f32, FLOAT_MAXIMUM, FLOAT_MINIMUM)
SCANS(double, double, f64, FLOAT_MAXIMUM, FLOAT_MINIMUM)
SCANS(int32_t, uint32_t, i32, MAXIMUM, MINIMUM)
SCANS(int64_t, uint64_t, i64, MAXIMUM, MINIMUM)
SCANS(uint8_t, uint8_t, u8, MAXIMUM, MINIMUM)

typedef void (*scanner)(void *, const void *, long, long, long);

#define ROW(suffix) {scan_sum_##suffix, scan_product_##suffix, scan_maximum_##suffix, scan_minimum_##suffix}

static const scanner scanners[APUS_DTYPE_COUNT][APUS_REDUCTION_COUNT] = {
    [APUS_FLOAT32] = ROW(f32), [APUS_FLOAT64] = ROW(f64), [APUS_INT32] = ROW(i32), [APUS_INT64] = ROW(i64),
    [APUS_UINT8] = ROW(u8),
    [APUS_BOOL] = {scan_maximum_u8, scan_minimum_u8, scan_maximum_u8, scan_minimum_u8},
};

void apus_scan(
    void *out, const void *x, long outer, long extent, long inner, int operation, int reverse, int dtype, long begin,
    long end) {
    if (extent == 0) return;
    long size = apus_element_sizes[dtype];
    for (long at = begin; at < end;) {
        long lanes = inner - at % inner;
        lanes = lanes < end - at ? lanes : end - at;
        long first = at / inner * extent * inner + at % inner + (reverse ? (extent - 1) * inner : 0);
        scanners[dtype][operation](
            (char *)out + first * size, (const char *)x + first * size, extent, reverse ? -inner : inner, lanes);
        at += lanes;
    }
}
