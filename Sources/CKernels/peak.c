/// What the machine can do at best: the yardsticks of the benchmark.
#include "internal.h"

/// Sums that grow side by side: a multiply–add takes four cycles and two begin in each, so that eight are needed.
enum { SUMS = 10 };

typedef float lanes8 __attribute__((vector_size(32)));
typedef float lanes16 __attribute__((vector_size(64)));

/// Keeps results alive.
static volatile float sink;

#define MULTIPLY_ADDS(LANES)                                                                   \
    LANES sums[SUMS];                                                                          \
    for (int i = 0; i < SUMS; ++i) sums[i] = (LANES){(float)i};                                \
    for (long n = 0; n < iterations; ++n) {                                                    \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; ++i) sums[i] = sums[i] * factor + term; \
    }                                                                                          \
    float total = 0;                                                                           \
    for (int i = 0; i < SUMS; ++i) total += sums[i][0];                                        \
    sink = total;                                                                              \
    return iterations * SUMS * (long)(sizeof(LANES) / sizeof(float)) * 2

APUS_CLONES static long multiply_adds8(long iterations, float factor, float term) { MULTIPLY_ADDS(lanes8); }
APUS_CLONES static long multiply_adds16(long iterations, float factor, float term) { MULTIPLY_ADDS(lanes16); }

/// Whether registers hold 16 numbers.
static bool has_wide_registers(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f");
#else
    return false;
#endif
}

typedef struct {
    long iterations;
    _Atomic long operations;
} multiply_add_loop;

static void run_multiply_adds(void *context, long begin, long end) {
    multiply_add_loop *loop = context;
    for (long i = begin; i < end; ++i) {
        long (*run)(long, float, float) = has_wide_registers() ? multiply_adds16 : multiply_adds8;
        loop->operations += run(loop->iterations, 0.999f, 0.001f);
    }
}

long apus_peak_multiply_adds(long iterations) {
    multiply_add_loop loop = {.iterations = iterations};
    apus_parallel(run_multiply_adds, &loop, apus_thread_count(), 1);
    return loop.operations;
}

typedef struct {
    char *to;
    const char *from;
} memory_copy;

static void run_copy(void *context, long begin, long end) {
    const memory_copy *copy = context;
    memcpy(copy->to + begin, copy->from + begin, (size_t)(end - begin));
}

void apus_peak_copy(void *to, const void *from, long byteCount) {
    memory_copy copy = {to, from};
    apus_parallel(run_copy, &copy, byteCount, 1 << 20);
}
