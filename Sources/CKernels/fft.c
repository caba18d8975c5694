/// Discrete Fourier transforms of any length along one axis.
#include "internal.h"

/// Lines whose lanes fit the second-level cache are transformed as they are; longer ones are taken apart.
enum { DIRECT_LENGTH = 4096 };
/// From here on a single line is worth taking apart, so that there is something to put into lanes.
enum { SPLIT_LENGTH = 256 };
/// A larger prime factor is no radix.
enum { LARGEST_RADIX = 31 };
enum { MOST_PASSES = 40 };

struct apus_fft_plan {
    long n;
    int dtype;
    // Radices and their tables, where n has no large prime factor.
    int passCount;
    int radices[MOST_PASSES];
    void *twiddles[MOST_PASSES], *roots[MOST_PASSES];
    // n = rows · columns, if it is large: plans of a column's and of a row's length.
    long rows, columns;
    apus_fft_plan *ofRows, *ofColumns;
    void *crossing;
    // Else a convolution of this length.
    apus_fft_plan *padded;
    void *chirp, *kernel;
};

/// How lines lie, in elements: line (o, i) at `o outerStep + i innerStep`, its elements `step` apart.
typedef struct {
    char *data;
    long outerStep, innerStep, step;
} lines;

#define REAL float
#define NAME(name) name##_f32
enum { LANES = 16 };
#include "fft_kernels.h"
#undef REAL
#undef NAME

#define REAL double
#define NAME(name) name##_f64
#include "fft_kernels.h"
#undef REAL
#undef NAME

/// The radices of n, or 0 where a prime factor is too large.
static int factor(long n, int *radices) {
    int count = 0;
    while (n % 4 == 0) {
        radices[count++] = 4;
        n /= 4;
    }
    for (int radix = 2; radix <= LARGEST_RADIX && n > 1; ++radix) {
        while (n % radix == 0) {
            radices[count++] = radix;
            n /= radix;
        }
    }
    return n == 1 ? count : -1;
}

/// The divisor of n nearest below its root.
static long divisor_near_root(long n) {
    long divisor = (long)sqrt((double)n);
    while (n % divisor != 0) --divisor;
    return divisor;
}

/// The least number of at least n whose only prime factors are 2, 3 and 5.
static long convenient_length(long n) {
    long best = 1;
    while (best < n) best *= 2;
    for (long fives = 1; fives < best; fives *= 5) {
        for (long threes = fives; threes < best; threes *= 3) {
            long length = threes;
            while (length < n) length *= 2;
            if (length < best) best = length;
        }
    }
    return best;
}

apus_fft_plan *apus_fft_plan_make(long n, int dtype) {
    apus_fft_plan *plan = calloc(1, sizeof *plan);
    bool isDouble = dtype == APUS_FLOAT64;
    plan->n = n;
    plan->dtype = dtype;
    plan->passCount = factor(n, plan->radices);
    if (plan->passCount < 0) {
        plan->passCount = 0;
        plan->padded = apus_fft_plan_make(convenient_length(2 * n - 1), dtype);
        isDouble ? plan_chirp_f64(plan) : plan_chirp_f32(plan);
        return plan;
    }
    long rows = n >= SPLIT_LENGTH ? divisor_near_root(n) : 1;
    if (rows > LANES / 2) {
        plan->rows = rows;
        plan->columns = n / rows;
        plan->ofRows = apus_fft_plan_make(rows, dtype);
        plan->ofColumns = apus_fft_plan_make(n / rows, dtype);
        isDouble ? plan_crossing_f64(plan) : plan_crossing_f32(plan);
    }
    isDouble ? plan_passes_f64(plan) : plan_passes_f32(plan);
    return plan;
}

void apus_fft_plan_free(apus_fft_plan *plan) {
    if (plan == NULL) return;
    for (int pass = 0; pass < plan->passCount; ++pass) {
        free(plan->twiddles[pass]);
        free(plan->roots[pass]);
    }
    apus_fft_plan_free(plan->ofRows);
    apus_fft_plan_free(plan->ofColumns);
    apus_fft_plan_free(plan->padded);
    free(plan->crossing);
    free(plan->chirp);
    free(plan->kernel);
    free(plan);
}

void apus_fft(const apus_fft_plan *plan, int kind, void *out, const void *in, const apus_fft_lines *geometry) {
    long outer = geometry->outer, inner = geometry->inner;
    if (outer * inner == 0) return;
    lines to = {out, geometry->outOuterStep, geometry->outInnerStep, geometry->outStep};
    lines from = {(char *)(uintptr_t)in, geometry->inOuterStep, geometry->inInnerStep, geometry->inStep};
    bool inverse = kind == APUS_FFT_INVERSE || kind == APUS_FFT_REAL_INVERSE;
    bool isReal = kind == APUS_FFT_REAL_FORWARD || kind == APUS_FFT_REAL_INVERSE;
    if (plan->dtype == APUS_FLOAT64) {
        (isReal ? transform_real_f64 : transform_f64)(plan, to, from, outer, inner, inverse);
    } else {
        (isReal ? transform_real_f32 : transform_f32)(plan, to, from, outer, inner, inverse);
    }
}
