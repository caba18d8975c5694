/// What the kernels share.
#pragma once

#include "CKernels.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/// Compiles a function once for each level of x86-64; the loader picks.
#ifndef APUS_CLONES
#if defined(__x86_64__) && defined(__ELF__)
#define APUS_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define APUS_CLONES
#endif
#endif

/// A function whose body becomes part of each clone that calls it.
#define APUS_INLINE static inline __attribute__((always_inline))

/// Says that the loop's iterations are independent, even where `out` is an operand.
#define APUS_VECTORIZE _Pragma("clang loop vectorize(assume_safety)")

/// Binds the calling thread to a processor by its number in the team, once, where pinning was asked for.
void apus_pin_worker(long member);

typedef uint16_t bfloat16_bits;
typedef uint16_t float16_bits;

static const signed char apus_element_sizes[APUS_DTYPE_COUNT] = {4, 2, 2, 8, 4, 8, 1, 1};

APUS_INLINE uint32_t bits_of_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

APUS_INLINE float float_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

APUS_INLINE uint64_t bits_of_double(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

APUS_INLINE double double_of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

APUS_INLINE float float_of_bfloat16(bfloat16_bits h) { return float_of_bits((uint32_t)h << 16); }

APUS_INLINE bfloat16_bits bfloat16_of_float(float x) {
    uint32_t bits = bits_of_float(x);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    uint32_t quiet = (bits >> 16) | 0x40;
    return (bfloat16_bits)(x != x ? quiet : rounded);
}

APUS_INLINE float float_of_float16(float16_bits h) {
    // The exponent is moved by a multiplication, which also normalizes denormals.
    uint32_t magnitude = (uint32_t)(h & 0x7fff) << 13;
    uint32_t finite = bits_of_float(float_of_bits(magnitude) * 0x1p112f);
    uint32_t special = magnitude | 0x7f800000;
    return float_of_bits((magnitude >= 0x0f800000 ? special : finite) | (uint32_t)(h & 0x8000) << 16);
}

APUS_INLINE float16_bits float16_of_float(float x) {
    uint32_t bits = bits_of_float(x);
    uint32_t magnitude = bits & 0x7fffffff;
    // Below 2⁻¹⁴ the sum with ½ rounds at float16's last place (2⁻²⁴), to even.
    uint32_t small = bits_of_float(float_of_bits(magnitude) + 0.5f) - 0x3f000000;
    uint32_t normal = (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    uint32_t special = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    uint32_t half = magnitude < 0x38800000 ? small : normal;
    half = magnitude >= 0x477ff000 ? special : half;
    return (float16_bits)(half | (bits >> 16 & 0x8000));
}

/// Runs parts 0..<parts, each at most once on one thread, and returns when all are done.
void apus_run_parts(void (*body)(void *context, long part), void *context, long parts);

/// How many parts of at least `grain` items `count` items are worth: 1 inside a loop.
long apus_part_count(long count, long grain);
