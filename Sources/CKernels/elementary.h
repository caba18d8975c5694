/// Elementary functions on float without branches, so that loops over them vectorize. Within 4 units in the last
/// place, right at
/// infinities, NaN and denormals. The polynomials are minimax fits on the reduced ranges.
#pragma once

#include "internal.h"

#pragma clang fp contract(fast)

#define LN2_HIGH 0x1.62e4p-1f           // so short that products with exponents are exact
#define LN2_LOW 0x1.7f7d1cp-20f
#define HALF_PI_HIGH 0x1.921fb6p+0f
#define HALF_PI_LOW -0x1.777a5cp-25f
/// Adding it rounds a float to an integer, which then stands in the low bits.
#define ROUNDING_FLOAT 0x1.8p23f
#define ROUNDING_DOUBLE 0x1.8p52

APUS_INLINE float magnitude(float x) { return __builtin_fabsf(x); }

APUS_INLINE float with_sign(float x, float sign) { return __builtin_copysignf(x, sign); }

/// 2ⁿ for n in −126...127.
APUS_INLINE float power_of_two(int32_t n) { return float_of_bits((uint32_t)(n + 127) << 23); }

/// x = n ln 2 + r, |r| ≤ ln 2 / 2.
APUS_INLINE float reduce_exp(float x, int32_t *n) {
    float z = x * 0x1.715476p+0f + ROUNDING_FLOAT;
    *n = (int32_t)(bits_of_float(z) - bits_of_float(ROUNDING_FLOAT));
    float whole = z - ROUNDING_FLOAT;
    return (x - whole * LN2_HIGH) - whole * LN2_LOW;
}

/// eˣ · 2^shift for a small shift; scaled in two steps, so that the extremes round once.
APUS_INLINE float scaled_exp_f32(float x, int32_t shift) {
    x = x > 104.0f ? 104.0f : x;
    x = x < -120.0f ? -120.0f : x;
    int32_t n;
    float r = reduce_exp(x, &n);
    float q = 0x1.6db4e0p-10f;
    q = q * r + 0x1.123be0p-7f;
    q = q * r + 0x1.55545ep-5f;
    q = q * r + 0x1.55548ep-3f;
    q = q * r + 0.5f;
    float p = 1.0f + (r + (r * r) * q);
    n = (int32_t)((uint32_t)n + (uint32_t)shift);
    int32_t half = n >> 1;
    return p * power_of_two(half) * power_of_two((int32_t)((uint32_t)n - (uint32_t)half));
}

APUS_INLINE float exp_f32(float x) { return scaled_exp_f32(x, 0); }

APUS_INLINE float expm1_f32(float x) {
    float bounded = x > 88.8f ? 88.8f : x;
    bounded = bounded < -90.0f ? -90.0f : bounded;
    int32_t n;
    float r = reduce_exp(bounded, &n);
    float q = 0x1.a19a3ap-13f;
    q = q * r + 0x1.6d7564p-10f;
    q = q * r + 0x1.111094p-7f;
    q = q * r + 0x1.5554acp-5f;
    q = q * r + 0x1.555556p-3f;
    q = q * r + 0.5f;
    float p = r + (r * r) * q;
    // 2ⁿ may overflow where the result does not: half of it, twice.
    float s = float_of_bits(((uint32_t)n + 126) << 23);
    s = n < -125 ? 0.0f : s;
    float result = 2.0f * (s * p + (s - 0.5f));
    return magnitude(x) < 0x1p-24f ? x : result;
}

/// log(2ᵏ (1 + f)) + correction, for 1 + f in [√½, √2).
APUS_INLINE float log_reduced(float k, float f, float correction) {
    float s = f / (2.0f + f);
    float z = s * s;
    float q = 0x1.e2f9a4p-3f;
    q = q * z + 0x1.2438c2p-2f;
    q = q * z + 0x1.999a7ap-2f;
    q = q * z + 0x1.555554p-1f;
    float tail = s * (f - z * q) - (k * LN2_LOW + correction);
    return k * LN2_HIGH + (f - tail);
}

/// x = 2ᵏ m with m in [√½, √2), for normal positive x.
APUS_INLINE float split_exponent(float x, int32_t *k) {
    uint32_t bits = bits_of_float(x) + (0x3f800000 - 0x3f3504f3);
    *k = (int32_t)(bits >> 23) - 127;
    return float_of_bits((bits & 0x7fffff) + 0x3f3504f3);
}

APUS_INLINE float log_f32(float x) {
    bool denormal = x < FLT_MIN;
    int32_t k;
    float m = split_exponent(denormal ? x * 0x1p23f : x, &k);
    float result = log_reduced((float)(denormal ? k - 23 : k), m - 1.0f, 0.0f);
    result = x == INFINITY ? x : result;
    result = x == 0.0f ? -INFINITY : result;
    return x >= 0.0f ? result : NAN;
}

APUS_INLINE float log1p_f32(float x) {
    float u = 1.0f + x;
    int32_t k;
    float f = split_exponent(u, &k) - 1.0f;
    // What 1 + x lost by rounding.
    float lost = (k > 0 ? 1.0f - (u - x) : x - (u - 1.0f)) / u;
    float result = log_reduced((float)k, k == 0 ? x : f, k == 0 ? 0.0f : lost);
    result = x == INFINITY || x == 0.0f ? x : result;
    result = x == -1.0f ? -INFINITY : result;
    return x >= -1.0f ? result : NAN;
}

APUS_INLINE float tanh_f32(float x) {
    float a = magnitude(x);
    a = a > 10.0f ? 10.0f : a;
    float e = expm1_f32(2.0f * a);
    return with_sign(e / (e + 2.0f), x);
}

APUS_INLINE float sigmoid_f32(float x) {
    float e = exp_f32(-magnitude(x));
    return (x >= 0.0f ? 1.0f : e) / (1.0f + e);
}

APUS_INLINE float sinh_f32(float x) {
    float a = magnitude(x);
    float e = expm1_f32(a);
    float h = scaled_exp_f32(a, -1);
    float result = a < 1.0f ? 0.5f * (e + e / (e + 1.0f)) : h - 0.25f / h;
    return with_sign(a < 0x1p-12f ? a : result, x);
}

APUS_INLINE float cosh_f32(float x) {
    float h = scaled_exp_f32(magnitude(x), -1);
    return h + 0.25f / h;
}

APUS_INLINE float asinh_f32(float x) {
    float a = magnitude(x);
    bool large = a > 1e10f;
    float y = log1p_f32(large ? a : a + a * a / (1.0f + __builtin_elementwise_sqrt(a * a + 1.0f)));
    return with_sign(large ? y + 0x1.62e43p-1f : y, x);
}

APUS_INLINE float acosh_f32(float x) {
    float t = x - 1.0f;
    bool large = x > 1e10f;
    float y = log1p_f32(large ? x : t + __builtin_elementwise_sqrt(2.0f * t + t * t));
    return x < 1.0f ? NAN : large ? y + 0x1.62e43p-1f : y;
}

APUS_INLINE float atanh_f32(float x) {
    float a = magnitude(x);
    return with_sign(0.5f * log1p_f32(2.0f * a / (1.0f - a)), x);
}

APUS_INLINE float erf_f32(float x) {
    float a = magnitude(x);
    float z = a * a;
    float q = 0x1.496a1cp-14f;
    q = q * z + -0x1.a3f6f8p-11f;
    q = q * z + 0x1.5405b0p-8f;
    q = q * z + -0x1.b7f90cp-6f;
    q = q * z + 0x1.ce2cf8p-4f;
    q = q * z + -0x1.81273ep-2f;
    q = q * z + 0x1.06eba8p-3f;
    float inner = x + x * q;
    // Further out, the logarithm of 1 − erf.
    float t = a > 4.0f ? 4.0f : a;
    float p = -0x1.6c6964p-23f;
    p = p * t + -0x1.432ffap-16f;
    p = p * t + 0x1.bf3a54p-12f;
    p = p * t + -0x1.10390ap-8f;
    p = p * t + 0x1.9b448ap-6f;
    p = p * t + -0x1.bb8242p-4f;
    p = p * t + -0x1.444434p-1f;
    p = p * t + -0x1.2128b4p+0f;
    p = p * t + 0x1.758edcp-13f;
    float outer = with_sign(1.0f - exp_f32(p), x);
    return a < 0.98f ? inner : outer;
}

/// The greatest magnitude that `reduce_quadrant` takes.
#define LARGEST_ANGLE 0x1p20f

/// x = n π/2 + r, |r| ≤ π/4; two bits of n.
APUS_INLINE float reduce_quadrant(float x, uint32_t *quadrant) {
    double z = (double)x * 0x1.45f306dc9c883p-1 + ROUNDING_DOUBLE;
    *quadrant = (uint32_t)bits_of_double(z);
    double whole = z - ROUNDING_DOUBLE;
    return (float)((x - whole * 0x1.921fb544p+0) - whole * 0x1.0b4611a626331p-34);
}

/// For |x| ≤ π/4.
APUS_INLINE float sin_reduced(float x) {
    float z = x * x;
    float q = 0x1.6cd5eap-19f;
    q = q * z + -0x1.a00f94p-13f;
    q = q * z + 0x1.111108p-7f;
    q = q * z + -0x1.555556p-3f;
    return x + x * (z * q);
}

/// For |x| ≤ π/4.
APUS_INLINE float cos_reduced(float x) {
    float z = x * x;
    float q = -0x1.242906p-22f;
    q = q * z + 0x1.a01118p-16f;
    q = q * z + -0x1.6c16b8p-10f;
    q = q * z + 0x1.555556p-5f;
    return 1.0f - (0.5f * z - z * z * q);
}

/// sin for quadrant 0, cos for 1, and so on round the circle.
APUS_INLINE float sin_of_quadrant(float r, uint32_t quadrant) {
    float y = quadrant & 1 ? cos_reduced(r) : sin_reduced(r);
    return float_of_bits(bits_of_float(y) ^ (quadrant & 2) << 30);
}

APUS_INLINE float sin_f32(float x) {
    uint32_t quadrant;
    float r = reduce_quadrant(x, &quadrant);
    return sin_of_quadrant(r, quadrant);
}

APUS_INLINE float cos_f32(float x) {
    uint32_t quadrant;
    float r = reduce_quadrant(x, &quadrant);
    return sin_of_quadrant(r, quadrant + 1);
}

APUS_INLINE float tan_f32(float x) {
    uint32_t quadrant;
    float r = reduce_quadrant(x, &quadrant);
    float s = sin_reduced(r), c = cos_reduced(r);
    return quadrant & 1 ? -c / s : s / c;
}

/// For x in 0...1.
APUS_INLINE float atan_reduced(float x) {
    float z = x * x;
    float q = -0x1.d62ba6p-10f;
    q = q * z + 0x1.65a3f4p-7f;
    q = q * z + -0x1.fecf22p-6f;
    q = q * z + 0x1.dac8c2p-5f;
    q = q * z + -0x1.58343cp-4f;
    q = q * z + 0x1.c099e2p-4f;
    q = q * z + -0x1.2421b2p-3f;
    q = q * z + 0x1.9991fcp-3f;
    q = q * z + -0x1.55553ep-2f;
    return x + x * (z * q);
}

APUS_INLINE float atan_f32(float x) {
    float a = magnitude(x);
    float y = atan_reduced(a > 1.0f ? 1.0f / a : a);
    return with_sign(a > 1.0f ? HALF_PI_HIGH - (y - HALF_PI_LOW) : y, x);
}

APUS_INLINE float atan2_f32(float y, float x) {
    float a = magnitude(x), b = magnitude(y);
    float high = a > b ? a : b, low = a > b ? b : a;
    float t = low / high;
    t = high == 0.0f ? 0.0f : t;
    t = low == INFINITY ? 1.0f : t;
    float angle = atan_reduced(t);
    angle = b > a ? HALF_PI_HIGH - (angle - HALF_PI_LOW) : angle;
    angle = __builtin_signbit(x) ? 2.0f * HALF_PI_HIGH - (angle - 2.0f * HALF_PI_LOW) : angle;
    return x != x || y != y ? x + y : with_sign(angle, y);
}

/// asin of t = √z in 0...½.
APUS_INLINE float asin_reduced(float t, float z) {
    float q = 0x1.59daa6p-5f;
    q = q * z + 0x1.8ba27cp-6f;
    q = q * z + 0x1.748c62p-5f;
    q = q * z + 0x1.33014ep-4f;
    q = q * z + 0x1.5555cap-3f;
    return t + t * (z * q);
}

APUS_INLINE float asin_f32(float x) {
    float a = magnitude(x);
    bool inner = a < 0.5f;
    float z = inner ? a * a : 0.5f - 0.5f * a;
    float y = asin_reduced(inner ? a : __builtin_elementwise_sqrt(z), z);
    return with_sign(inner ? y : HALF_PI_HIGH - (2.0f * y - HALF_PI_LOW), x);
}

APUS_INLINE float acos_f32(float x) {
    float a = magnitude(x);
    bool inner = a < 0.5f;
    float z = inner ? a * a : 0.5f - 0.5f * a;
    float y = asin_reduced(inner ? a : __builtin_elementwise_sqrt(z), z);
    float middle = HALF_PI_HIGH - (with_sign(y, x) - HALF_PI_LOW);
    float outer = x < 0.0f ? 2.0f * HALF_PI_HIGH - (2.0f * y - 2.0f * HALF_PI_LOW) : 2.0f * y;
    return inner ? middle : outer;
}

/// log₂ of a positive normal double, to about 10⁻¹⁶.
APUS_INLINE double log2_wide(double x) {
    uint64_t bits = bits_of_double(x) + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
    double k = double_of_bits((bits >> 52) - 1023 + bits_of_double(ROUNDING_DOUBLE)) - ROUNDING_DOUBLE;
    double f = double_of_bits((bits & 0xfffffffffffff) + 0x3fe6a09e667f3bcd) - 1.0;
    double s = f / (2.0 + f);
    double z = s * s;
    double q = 0.14922336715008822;
    q = q * z + 0.15300635570237203;
    q = q * z + 0.18184124527012452;
    q = q * z + 0.22222186957631693;
    q = q * z + 0.285714288663045;
    q = q * z + 0.3999999999878247;
    q = q * z + 0.6666666666666852;
    return k + (2.0 * s + s * (z * q)) * 0x1.71547652b82fep+0;
}

/// 2ˣ for |x| ≤ 1000, to about 10⁻¹².
APUS_INLINE double exp2_wide(double x) {
    double z = x + ROUNDING_DOUBLE;
    uint64_t n = bits_of_double(z) - bits_of_double(ROUNDING_DOUBLE);
    double r = x - (z - ROUNDING_DOUBLE);
    double p = 1.3264052535797314e-06;
    p = p * r + 1.5310104372105824e-05;
    p = p * r + 0.00015403411722850785;
    p = p * r + 0.001333345047332144;
    p = p * r + 0.009618129228348597;
    p = p * r + 0.05550410941306106;
    p = p * r + 0.24022650695468328;
    p = p * r + 0.6931471805459077;
    p = p * r + 1.0;
    return p * double_of_bits((n + 1023) << 52);
}

/// |x|ʸ in double, then IEEE 754's special cases.
APUS_INLINE float pow_f32(float x, float y) {
    float a = magnitude(x);
    double logarithm = log2_wide((double)a);
    logarithm = a == 0.0f ? -(double)INFINITY : logarithm;
    logarithm = a == INFINITY ? (double)INFINITY : logarithm;
    logarithm = a == 1.0f ? 0.0 : logarithm;
    double exponent = (double)y * logarithm;
    exponent = exponent > 300.0 ? 300.0 : exponent;
    exponent = exponent < -300.0 ? -300.0 : exponent;
    float result = (float)exp2_wide(exponent);

    float whole = __builtin_elementwise_trunc(y);
    float halved = 0.5f * whole;
    bool odd = whole == y && __builtin_elementwise_trunc(halved) != halved;
    bool negative = __builtin_signbit(x);
    result = negative && odd ? -result : result;
    result = x < 0.0f && a != INFINITY && whole != y ? NAN : result;
    result = a == 1.0f && magnitude(y) == INFINITY ? 1.0f : result;
    result = x != x || y != y ? x + y : result;
    return x == 1.0f || y == 0.0f ? 1.0f : result;
}
