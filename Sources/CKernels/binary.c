/// Pointwise functions of two operands, and comparisons.
#include "elementary.h"

#define BINARY(name, in_type, out_type, expression)                                                           \
    APUS_CLONES static void name(void *out, const void *a, const void *b, const void *c, long n) {            \
        out_type *to = out;                                                                                   \
        const in_type *left = a, *right = b;                                                                  \
        APUS_VECTORIZE for (long i = 0; i < n; ++i) {                                                         \
            in_type x = left[i], y = right[i];                                                                \
            to[i] = (out_type)(expression);                                                                   \
        }                                                                                                     \
    }

/// A function that the compiler cannot vectorize: called element by element.
#define BINARY_CALL(name, type, function)                                                                     \
    static void name(void *out, const void *a, const void *b, const void *c, long n) {                        \
        type *to = out;                                                                                       \
        const type *left = a, *right = b;                                                                     \
        for (long i = 0; i < n; ++i) to[i] = function(left[i], right[i]);                                     \
    }

// MARK: Both floats

/// The remainder with the divisor's sign, and the quotient that goes with it, from C's remainder toward zero.
#define FLOAT_DIVISION(type, suffix, fmod, floor, copysign)                                                   \
    static type remainder_##suffix(type x, type y) {                                                          \
        type rest = fmod(x, y);                                                                               \
        return rest != 0 && (y < 0) != (rest < 0) ? rest + y : rest;                                          \
    }                                                                                                         \
    static type floor_divide_##suffix(type x, type y) {                                                       \
        if (y == 0) return x / y;                                                                             \
        type rest = fmod(x, y);                                                                               \
        type quotient = (x - rest) / y;                                                                       \
        if (rest != 0 && (y < 0) != (rest < 0)) quotient -= 1;                                                \
        if (quotient == 0) return copysign(0, x / y);                                                         \
        type whole = floor(quotient);                                                                         \
        return quotient - whole > (type)0.5 ? whole + 1 : whole;                                              \
    }

FLOAT_DIVISION(float, f32, fmodf, floorf, copysignf)
FLOAT_DIVISION(double, f64, fmod, floor, copysign)

#define FLOAT_FUNCTIONS(type, suffix)                                                                         \
    BINARY(add_##suffix, type, type, x + y)                                                                   \
    BINARY(subtract_##suffix, type, type, x - y)                                                              \
    BINARY(multiply_##suffix, type, type, x *y)                                                               \
    BINARY(divide_##suffix, type, type, x / y)                                                                \
    BINARY(maximum_##suffix, type, type, x > y || x != x ? x : y)                                             \
    BINARY(minimum_##suffix, type, type, x < y || x != x ? x : y)                                             \
    BINARY_CALL(floor_divide_kernel_##suffix, type, floor_divide_##suffix)                                    \
    BINARY_CALL(remainder_kernel_##suffix, type, remainder_##suffix)

FLOAT_FUNCTIONS(float, f32)
FLOAT_FUNCTIONS(double, f64)

BINARY(power_f32, float, float, pow_f32(x, y))
BINARY(atan2_kernel_f32, float, float, atan2_f32(x, y))
BINARY_CALL(power_f64, double, pow)
BINARY_CALL(atan2_kernel_f64, double, atan2)

// MARK: Integers

/// Division where by 0 gives 0 and by −1 wraps; powers by squaring; shifts without a limit.
#define SIGNED_ARITHMETIC(type, unsigned_type, suffix)                                                        \
    APUS_INLINE type quotient_##suffix(type x, type y) {                                                      \
        if (y == 0) return 0;                                                                                 \
        return y == -1 ? (type)((unsigned_type)0 - (unsigned_type)x) : x / y;                                 \
    }                                                                                                         \
    APUS_INLINE type modulus_##suffix(type x, type y) {                                                       \
        if (y == 0 || y == -1) return 0;                                                                      \
        type rest = x % y;                                                                                    \
        return rest != 0 && (y < 0) != (rest < 0) ? rest + y : rest;                                          \
    }                                                                                                         \
    APUS_INLINE type floor_quotient_##suffix(type x, type y) {                                                \
        type quotient = quotient_##suffix(x, y);                                                              \
        return y != 0 && y != -1 && x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient;               \
    }                                                                                                         \
    APUS_INLINE type power_##suffix(type x, type y) {                                                         \
        if (y < 0) return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0;                                        \
        unsigned_type result = 1, base = (unsigned_type)x;                                                    \
        for (; y != 0; y >>= 1, base *= base) result *= y & 1 ? base : 1;                                     \
        return (type)result;                                                                                  \
    }                                                                                                         \
    APUS_INLINE type shift_right_##suffix(type x, type y) {                                                   \
        int width = (int)sizeof(type) * 8;                                                                    \
        return x >> ((unsigned_type)y < (unsigned_type)width ? y : width - 1);                                \
    }

SIGNED_ARITHMETIC(int32_t, uint32_t, i32)
SIGNED_ARITHMETIC(int64_t, uint64_t, i64)

APUS_INLINE uint8_t quotient_u8(uint8_t x, uint8_t y) { return y == 0 ? 0 : x / y; }
APUS_INLINE uint8_t modulus_u8(uint8_t x, uint8_t y) { return y == 0 ? 0 : x % y; }
APUS_INLINE uint8_t floor_quotient_u8(uint8_t x, uint8_t y) { return quotient_u8(x, y); }
APUS_INLINE uint8_t power_u8(uint8_t x, uint8_t y) { return (uint8_t)power_i32(x, y); }
APUS_INLINE uint8_t shift_right_u8(uint8_t x, uint8_t y) { return y < 8 ? x >> y : 0; }

#define INTEGER_FUNCTIONS(type, unsigned_type, suffix)                                                        \
    BINARY(add_##suffix, unsigned_type, unsigned_type, x + y)                                                 \
    BINARY(subtract_##suffix, unsigned_type, unsigned_type, x - y)                                            \
    BINARY(multiply_##suffix, unsigned_type, unsigned_type, x *y)                                             \
    BINARY(maximum_##suffix, type, type, x > y ? x : y)                                                       \
    BINARY(minimum_##suffix, type, type, x < y ? x : y)                                                       \
    BINARY(and_##suffix, unsigned_type, unsigned_type, x &y)                                                  \
    BINARY(or_##suffix, unsigned_type, unsigned_type, x | y)                                                  \
    BINARY(xor_##suffix, unsigned_type, unsigned_type, x ^ y)                                                 \
    BINARY(shift_left_##suffix, unsigned_type, unsigned_type, y < sizeof(type) * 8 ? x << y : 0)              \
    BINARY(shift_right_kernel_##suffix, type, type, shift_right_##suffix(x, y))                               \
    BINARY_CALL(divide_##suffix, type, quotient_##suffix)                                                     \
    BINARY_CALL(floor_divide_kernel_##suffix, type, floor_quotient_##suffix)                                  \
    BINARY_CALL(remainder_kernel_##suffix, type, modulus_##suffix)                                            \
    BINARY_CALL(power_kernel_##suffix, type, power_##suffix)

INTEGER_FUNCTIONS(int32_t, uint32_t, i32)
INTEGER_FUNCTIONS(int64_t, uint64_t, i64)
INTEGER_FUNCTIONS(uint8_t, uint8_t, u8)

// MARK: Comparisons

#define COMPARISONS(type, suffix)                                                                             \
    BINARY(equal_##suffix, type, uint8_t, x == y)                                                             \
    BINARY(not_equal_##suffix, type, uint8_t, x != y)                                                         \
    BINARY(less_##suffix, type, uint8_t, x < y)                                                               \
    BINARY(less_equal_##suffix, type, uint8_t, x <= y)                                                        \
    BINARY(greater_##suffix, type, uint8_t, x > y)                                                            \
    BINARY(greater_equal_##suffix, type, uint8_t, x >= y)

COMPARISONS(float, f32)
COMPARISONS(double, f64)
COMPARISONS(int32_t, i32)
COMPARISONS(int64_t, i64)
COMPARISONS(uint8_t, u8)

// MARK: Look-up

#define FLOAT_ROW(suffix)                                                                                     \
    {                                                                                                         \
        [APUS_ADD] = add_##suffix, [APUS_SUBTRACT] = subtract_##suffix, [APUS_MULTIPLY] = multiply_##suffix,  \
        [APUS_DIVIDE] = divide_##suffix, [APUS_POWER] = power_##suffix,                                       \
        [APUS_BINARY_MAXIMUM] = maximum_##suffix, [APUS_BINARY_MINIMUM] = minimum_##suffix,                   \
        [APUS_FLOOR_DIVIDE] = floor_divide_kernel_##suffix, [APUS_REMAINDER] = remainder_kernel_##suffix,     \
        [APUS_ATAN2] = atan2_kernel_##suffix,                                                                 \
    }

#define INTEGER_ROW(suffix)                                                                                   \
    {                                                                                                         \
        [APUS_ADD] = add_##suffix, [APUS_SUBTRACT] = subtract_##suffix, [APUS_MULTIPLY] = multiply_##suffix,  \
        [APUS_DIVIDE] = divide_##suffix, [APUS_POWER] = power_kernel_##suffix,                                \
        [APUS_BINARY_MAXIMUM] = maximum_##suffix, [APUS_BINARY_MINIMUM] = minimum_##suffix,                   \
        [APUS_FLOOR_DIVIDE] = floor_divide_kernel_##suffix, [APUS_REMAINDER] = remainder_kernel_##suffix,     \
        [APUS_AND] = and_##suffix, [APUS_OR] = or_##suffix, [APUS_XOR] = xor_##suffix,                        \
        [APUS_SHIFT_LEFT] = shift_left_##suffix, [APUS_SHIFT_RIGHT] = shift_right_kernel_##suffix,            \
    }

static const apus_kernel kernels[APUS_DTYPE_COUNT][APUS_BINARY_COUNT] = {
    [APUS_FLOAT32] = FLOAT_ROW(f32),
    [APUS_FLOAT64] = FLOAT_ROW(f64),
    [APUS_INT32] = INTEGER_ROW(i32),
    [APUS_INT64] = INTEGER_ROW(i64),
    [APUS_UINT8] = INTEGER_ROW(u8),
    [APUS_BOOL] = {
        [APUS_ADD] = or_u8, [APUS_MULTIPLY] = and_u8, [APUS_BINARY_MAXIMUM] = or_u8, [APUS_BINARY_MINIMUM] = and_u8,
        [APUS_AND] = and_u8, [APUS_OR] = or_u8, [APUS_XOR] = xor_u8,
    },
};

#define COMPARISON_ROW(suffix)                                                                                \
    {                                                                                                         \
        [APUS_EQUAL] = equal_##suffix, [APUS_NOT_EQUAL] = not_equal_##suffix, [APUS_LESS] = less_##suffix,    \
        [APUS_LESS_EQUAL] = less_equal_##suffix, [APUS_GREATER] = greater_##suffix,                           \
        [APUS_GREATER_EQUAL] = greater_equal_##suffix,                                                        \
    }

static const apus_kernel comparisons[APUS_DTYPE_COUNT][APUS_COMPARISON_COUNT] = {
    [APUS_FLOAT32] = COMPARISON_ROW(f32), [APUS_FLOAT64] = COMPARISON_ROW(f64), [APUS_INT32] = COMPARISON_ROW(i32),
    [APUS_INT64] = COMPARISON_ROW(i64),   [APUS_UINT8] = COMPARISON_ROW(u8),    [APUS_BOOL] = COMPARISON_ROW(u8),
};

apus_kernel apus_binary_kernel(int operation, int dtype) {
    if (operation < 0 || operation >= APUS_BINARY_COUNT || dtype < 0 || dtype >= APUS_DTYPE_COUNT) return NULL;
    return kernels[dtype][operation];
}

apus_kernel apus_compare_kernel(int comparison, int dtype) {
    if (comparison < 0 || comparison >= APUS_COMPARISON_COUNT || dtype < 0 || dtype >= APUS_DTYPE_COUNT) return NULL;
    return comparisons[dtype][comparison];
}
