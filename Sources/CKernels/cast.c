/// Conversion between any two dtypes.
#include "internal.h"

/// Toward zero; NaN gives 0, out of range the nearest bound. `low` and `high` are the first floats outside, or the
/// bounds themselves.
#define SATURATING(name, float_type, type, low, high, least, greatest)                                        \
    APUS_INLINE type name(float_type x) {                                                                     \
        type y = (type)(x > low && x < high ? x : 0);                                                         \
        y = x <= low ? least : y;                                                                             \
        return x >= high ? greatest : y;                                                                      \
    }

SATURATING(i32_of_float, float, int32_t, -0x1p31f, 0x1p31f, INT32_MIN, INT32_MAX)
SATURATING(i64_of_float, float, int64_t, -0x1p63f, 0x1p63f, INT64_MIN, INT64_MAX)
SATURATING(i32_of_double, double, int32_t, -0x1p31, 0x1p31, INT32_MIN, INT32_MAX)
SATURATING(i64_of_double, double, int64_t, -0x1p63, 0x1p63, INT64_MIN, INT64_MAX)
APUS_INLINE uint8_t u8_of_float(float x) { return (uint8_t)(int32_t)(x > 0 ? x < 255 ? x : 255 : 0); }
APUS_INLINE uint8_t u8_of_double(double x) { return (uint8_t)(int32_t)(x > 0 ? x < 255 ? x : 255 : 0); }

#define SAME(x) (x)
#define TO_FLOAT(x) ((float)(x))
#define TO_DOUBLE(x) ((double)(x))
#define TO_BFLOAT16(x) bfloat16_of_float((float)(x))
#define TO_FLOAT16(x) float16_of_float((float)(x))
#define TO_I32(x) ((int32_t)(x))
#define TO_I64(x) ((int64_t)(x))
#define TO_U8(x) ((uint8_t)(x))
#define TO_BOOL(x) ((uint8_t)((x) != 0))

#define CAST(name, from_type, load, to_type, convert)                                                         \
    APUS_CLONES static void name(void *out, const void *a, const void *b, const void *c, long n) {            \
        to_type *to = out;                                                                                    \
        const from_type *from = a;                                                                            \
        APUS_VECTORIZE for (long i = 0; i < n; ++i) to[i] = convert(load(from[i]));                           \
    }

/// All conversions from one dtype; floats and integers differ in how they become integers.
#define CASTS(suffix, type, load, to_f32, to_f64, to_i32, to_i64, to_u8)                                      \
    CAST(suffix##_to_f32, type, load, float, to_f32)                                                          \
    CAST(suffix##_to_bf16, type, load, bfloat16_bits, TO_BFLOAT16)                                            \
    CAST(suffix##_to_f16, type, load, float16_bits, TO_FLOAT16)                                               \
    CAST(suffix##_to_f64, type, load, double, to_f64)                                                         \
    CAST(suffix##_to_i32, type, load, int32_t, to_i32)                                                        \
    CAST(suffix##_to_i64, type, load, int64_t, to_i64)                                                        \
    CAST(suffix##_to_u8, type, load, uint8_t, to_u8)                                                          \
    CAST(suffix##_to_bool, type, load, uint8_t, TO_BOOL)

#define FROM_FLOAT TO_FLOAT, TO_DOUBLE, i32_of_float, i64_of_float, u8_of_float
#define FROM_DOUBLE TO_FLOAT, TO_DOUBLE, i32_of_double, i64_of_double, u8_of_double
#define FROM_INTEGER TO_FLOAT, TO_DOUBLE, TO_I32, TO_I64, TO_U8
#define CASTS_EXPANDED(...) CASTS(__VA_ARGS__)

CASTS_EXPANDED(f32, float, SAME, FROM_FLOAT)
CASTS_EXPANDED(bf16, bfloat16_bits, float_of_bfloat16, FROM_FLOAT)
CASTS_EXPANDED(f16, float16_bits, float_of_float16, FROM_FLOAT)
CASTS_EXPANDED(f64, double, SAME, FROM_DOUBLE)
CASTS_EXPANDED(i32, int32_t, SAME, FROM_INTEGER)
CASTS_EXPANDED(i64, int64_t, SAME, FROM_INTEGER)
CASTS_EXPANDED(u8, uint8_t, SAME, FROM_INTEGER)

/// A 16-bit float to itself keeps its bits, also a NaN's.
CAST(copy_16, uint16_t, SAME, uint16_t, SAME)

#define ROW(suffix)                                                                                           \
    {                                                                                                         \
        [APUS_FLOAT32] = suffix##_to_f32, [APUS_BFLOAT16] = suffix##_to_bf16, [APUS_FLOAT16] = suffix##_to_f16, \
        [APUS_FLOAT64] = suffix##_to_f64, [APUS_INT32] = suffix##_to_i32, [APUS_INT64] = suffix##_to_i64,     \
        [APUS_UINT8] = suffix##_to_u8, [APUS_BOOL] = suffix##_to_bool,                                        \
    }

static const apus_kernel kernels[APUS_DTYPE_COUNT][APUS_DTYPE_COUNT] = {
    [APUS_FLOAT32] = ROW(f32), [APUS_BFLOAT16] = ROW(bf16), [APUS_FLOAT16] = ROW(f16), [APUS_FLOAT64] = ROW(f64),
    [APUS_INT32] = ROW(i32),   [APUS_INT64] = ROW(i64),     [APUS_UINT8] = ROW(u8),    [APUS_BOOL] = ROW(u8),
};

apus_kernel apus_cast_kernel(int from, int to) {
    if (from < 0 || from >= APUS_DTYPE_COUNT || to < 0 || to >= APUS_DTYPE_COUNT) return NULL;
    if (from == to && (from == APUS_BFLOAT16 || from == APUS_FLOAT16)) return copy_16;
    return kernels[from][to];
}
