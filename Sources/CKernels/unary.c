/// Pointwise functions of one operand.
#include "elementary.h"

#define UNARY(name, in_type, out_type, expression)                                                            \
    APUS_CLONES static void name(void *out, const void *a, const void *b, const void *c, long n) {            \
        out_type *to = out;                                                                                   \
        const in_type *from = a;                                                                              \
        APUS_VECTORIZE for (long i = 0; i < n; ++i) {                                                         \
            in_type x = from[i];                                                                              \
            to[i] = (out_type)(expression);                                                                   \
        }                                                                                                     \
    }

/// A function that the compiler cannot vectorize: called element by element.
#define UNARY_CALL(name, type, function)                                                                      \
    static void name(void *out, const void *a, const void *b, const void *c, long n) {                        \
        type *to = out;                                                                                       \
        const type *from = a;                                                                                 \
        for (long i = 0; i < n; ++i) to[i] = function(from[i]);                                               \
    }

// MARK: Both floats

#define FLOAT_FUNCTIONS(type, suffix)                                                                         \
    UNARY(negate_##suffix, type, type, -x)                                                                    \
    UNARY(absolute_##suffix, type, type, __builtin_elementwise_abs(x))                                        \
    UNARY(sign_##suffix, type, type, x > 0 ? 1 : x < 0 ? -1 : x)                                              \
    UNARY(sqrt_##suffix, type, type, __builtin_elementwise_sqrt(x))                                           \
    UNARY(rsqrt_##suffix, type, type, 1 / __builtin_elementwise_sqrt(x))                                      \
    UNARY(reciprocal_##suffix, type, type, 1 / x)                                                             \
    UNARY(floor_##suffix, type, type, __builtin_elementwise_floor(x))                                         \
    UNARY(ceil_##suffix, type, type, __builtin_elementwise_ceil(x))                                           \
    UNARY(round_##suffix, type, type, __builtin_elementwise_rint(x))                                          \
    UNARY(truncate_##suffix, type, type, __builtin_elementwise_trunc(x))                                      \
    UNARY(relu_##suffix, type, type, x < 0 ? 0 : x)                                                           \
    UNARY(is_nan_##suffix, type, uint8_t, x != x)                                                             \
    UNARY(is_infinite_##suffix, type, uint8_t, __builtin_elementwise_abs(x) == (type)INFINITY)                \
    UNARY(is_finite_##suffix, type, uint8_t, __builtin_elementwise_abs(x) < (type)INFINITY)

FLOAT_FUNCTIONS(float, f32)
FLOAT_FUNCTIONS(double, f64)

// MARK: float

UNARY(exp_kernel_f32, float, float, exp_f32(x))
UNARY(expm1_kernel_f32, float, float, expm1_f32(x))
UNARY(log_kernel_f32, float, float, log_f32(x))
UNARY(log1p_kernel_f32, float, float, log1p_f32(x))
UNARY(asin_kernel_f32, float, float, asin_f32(x))
UNARY(acos_kernel_f32, float, float, acos_f32(x))
UNARY(atan_kernel_f32, float, float, atan_f32(x))
UNARY(sinh_kernel_f32, float, float, sinh_f32(x))
UNARY(cosh_kernel_f32, float, float, cosh_f32(x))
UNARY(tanh_kernel_f32, float, float, tanh_f32(x))
UNARY(asinh_kernel_f32, float, float, asinh_f32(x))
UNARY(acosh_kernel_f32, float, float, acosh_f32(x))
UNARY(atanh_kernel_f32, float, float, atanh_f32(x))
UNARY(erf_kernel_f32, float, float, erf_f32(x))
UNARY(sigmoid_kernel_f32, float, float, sigmoid_f32(x))

UNARY(small_angle_sin_f32, float, float, sin_f32(x))
UNARY(small_angle_cos_f32, float, float, cos_f32(x))
UNARY(small_angle_tan_f32, float, float, tan_f32(x))
UNARY_CALL(any_angle_sin_f32, float, sinf)
UNARY_CALL(any_angle_cos_f32, float, cosf)
UNARY_CALL(any_angle_tan_f32, float, tanf)

APUS_CLONES static bool angles_are_small(const float *x, long n) {
    int large = 0;
    for (long i = 0; i < n; ++i) large |= !(magnitude(x[i]) <= LARGEST_ANGLE);
    return !large;
}

/// Huge angles are rare: their whole tile goes to the C library.
#define PERIODIC(name)                                                                                        \
    static void name##_kernel_f32(void *out, const void *a, const void *b, const void *c, long n) {           \
        (angles_are_small(a, n) ? small_angle_##name##_f32 : any_angle_##name##_f32)(out, a, b, c, n);        \
    }

PERIODIC(sin)
PERIODIC(cos)
PERIODIC(tan)

// MARK: double

UNARY_CALL(exp_kernel_f64, double, exp)
UNARY_CALL(expm1_kernel_f64, double, expm1)
UNARY_CALL(log_kernel_f64, double, log)
UNARY_CALL(log1p_kernel_f64, double, log1p)
UNARY_CALL(sin_kernel_f64, double, sin)
UNARY_CALL(cos_kernel_f64, double, cos)
UNARY_CALL(tan_kernel_f64, double, tan)
UNARY_CALL(asin_kernel_f64, double, asin)
UNARY_CALL(acos_kernel_f64, double, acos)
UNARY_CALL(atan_kernel_f64, double, atan)
UNARY_CALL(sinh_kernel_f64, double, sinh)
UNARY_CALL(cosh_kernel_f64, double, cosh)
UNARY_CALL(tanh_kernel_f64, double, tanh)
UNARY_CALL(asinh_kernel_f64, double, asinh)
UNARY_CALL(acosh_kernel_f64, double, acosh)
UNARY_CALL(atanh_kernel_f64, double, atanh)
UNARY_CALL(erf_kernel_f64, double, erf)

static double sigmoid_f64(double x) {
    double e = exp(-fabs(x));
    return (x >= 0 ? 1 : e) / (1 + e);
}

UNARY_CALL(sigmoid_kernel_f64, double, sigmoid_f64)

/// Winitzki's approximation, made exact by Halley's method on erf; on erfc towards the ends, where erf has no digits
/// left.
static double erfinv_f64(double x) {
    double a = fabs(x);
    if (a == 0 || !(a <= 1)) return a == 0 ? x : NAN;
    if (a == 1) return copysign(INFINITY, x);
    double logarithm = log1p(-a * a);
    double t = 4.33074675 + 0.5 * logarithm;
    double y = sqrt(sqrt(t * t - logarithm / 0.147) - t);
    y = y > 0 ? y : a;
    for (int step = 0; step < 3; ++step) {
        double error = a < 0.5 ? erf(y) - a : (1 - a) - erfc(y);
        double ratio = error / (M_2_SQRTPI * exp(-y * y));
        y -= ratio / (1 + y * ratio);
    }
    return copysign(y, x);
}

static float erfinv_f32(float x) { return (float)erfinv_f64(x); }

UNARY_CALL(erfinv_kernel_f64, double, erfinv_f64)
UNARY_CALL(erfinv_kernel_f32, float, erfinv_f32)

// MARK: Integers

#define INTEGER_FUNCTIONS(type, unsigned_type, suffix)                                                        \
    UNARY(negate_##suffix, unsigned_type, unsigned_type, 0u - x)                                              \
    UNARY(absolute_##suffix, type, unsigned_type, x < 0 ? (unsigned_type)0 - (unsigned_type)x : (unsigned_type)x) \
    UNARY(sign_##suffix, type, type, (x > 0) - (x < 0))                                                       \
    UNARY(not_##suffix, unsigned_type, unsigned_type, ~x)                                                     \
    UNARY(copy_##suffix, type, type, x)                                                                       \
    UNARY(never_##suffix, type, uint8_t, x != x)                                                              \
    UNARY(always_##suffix, type, uint8_t, x == x)

INTEGER_FUNCTIONS(int32_t, uint32_t, i32)
INTEGER_FUNCTIONS(int64_t, uint64_t, i64)
INTEGER_FUNCTIONS(uint8_t, uint8_t, u8)

UNARY(not_bool, uint8_t, uint8_t, x == 0)

// MARK: Look-up

#define FLOAT_ROW(suffix)                                                                                     \
    {                                                                                                         \
        [APUS_NEGATE] = negate_##suffix, [APUS_ABSOLUTE] = absolute_##suffix, [APUS_SIGN] = sign_##suffix,    \
        [APUS_EXP] = exp_kernel_##suffix, [APUS_EXPM1] = expm1_kernel_##suffix,                               \
        [APUS_LOG] = log_kernel_##suffix, [APUS_LOG1P] = log1p_kernel_##suffix, [APUS_SQRT] = sqrt_##suffix,  \
        [APUS_RSQRT] = rsqrt_##suffix, [APUS_RECIPROCAL] = reciprocal_##suffix,                               \
        [APUS_SIN] = sin_kernel_##suffix, [APUS_COS] = cos_kernel_##suffix, [APUS_TAN] = tan_kernel_##suffix, \
        [APUS_ASIN] = asin_kernel_##suffix, [APUS_ACOS] = acos_kernel_##suffix,                               \
        [APUS_ATAN] = atan_kernel_##suffix, [APUS_SINH] = sinh_kernel_##suffix,                               \
        [APUS_COSH] = cosh_kernel_##suffix, [APUS_TANH] = tanh_kernel_##suffix,                               \
        [APUS_ASINH] = asinh_kernel_##suffix, [APUS_ACOSH] = acosh_kernel_##suffix,                           \
        [APUS_ATANH] = atanh_kernel_##suffix, [APUS_ERF] = erf_kernel_##suffix,                               \
        [APUS_ERFINV] = erfinv_kernel_##suffix, [APUS_SIGMOID] = sigmoid_kernel_##suffix,                     \
        [APUS_RELU] = relu_##suffix,                                                                          \
        [APUS_FLOOR] = floor_##suffix, [APUS_CEIL] = ceil_##suffix, [APUS_ROUND] = round_##suffix,            \
        [APUS_TRUNCATE] = truncate_##suffix, [APUS_IS_NAN] = is_nan_##suffix,                                 \
        [APUS_IS_INFINITE] = is_infinite_##suffix, [APUS_IS_FINITE] = is_finite_##suffix,                     \
    }

#define INTEGER_ROW(suffix, not_kernel)                                                                       \
    {                                                                                                         \
        [APUS_NEGATE] = negate_##suffix, [APUS_ABSOLUTE] = absolute_##suffix, [APUS_SIGN] = sign_##suffix,    \
        [APUS_FLOOR] = copy_##suffix, [APUS_CEIL] = copy_##suffix, [APUS_ROUND] = copy_##suffix,              \
        [APUS_TRUNCATE] = copy_##suffix, [APUS_NOT] = not_kernel, [APUS_IS_NAN] = never_##suffix,             \
        [APUS_IS_INFINITE] = never_##suffix, [APUS_IS_FINITE] = always_##suffix,                              \
    }

static const apus_kernel kernels[APUS_DTYPE_COUNT][APUS_UNARY_COUNT] = {
    [APUS_FLOAT32] = FLOAT_ROW(f32),
    [APUS_FLOAT64] = FLOAT_ROW(f64),
    [APUS_INT32] = INTEGER_ROW(i32, not_i32),
    [APUS_INT64] = INTEGER_ROW(i64, not_i64),
    [APUS_UINT8] = INTEGER_ROW(u8, not_u8),
    [APUS_BOOL] = {
        [APUS_ABSOLUTE] = copy_u8, [APUS_SIGN] = copy_u8, [APUS_FLOOR] = copy_u8, [APUS_CEIL] = copy_u8,
        [APUS_ROUND] = copy_u8, [APUS_TRUNCATE] = copy_u8, [APUS_NOT] = not_bool, [APUS_IS_NAN] = never_u8,
        [APUS_IS_INFINITE] = never_u8, [APUS_IS_FINITE] = always_u8,
    },
};

apus_kernel apus_unary_kernel(int operation, int dtype) {
    if (operation < 0 || operation >= APUS_UNARY_COUNT || dtype < 0 || dtype >= APUS_DTYPE_COUNT) return NULL;
    return kernels[dtype][operation];
}
