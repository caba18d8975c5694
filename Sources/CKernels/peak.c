/// What the machine can do at best: the yardsticks of the benchmark.
#include "internal.h"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

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

// Products of bfloat16 have instructions of their own, which no compiler finds: hence the intrinsics.
#if defined(__x86_64__) && defined(__linux__)

/// Palette 1 of AMX: eight tiles, here all of 16 rows of 64 bytes.
typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_shapes;

/// A product of tiles takes 52 cycles and one begins every 16: six tiles of sums keep the unit busy. All tiles are zero.
__attribute__((target("amx-tile,amx-bf16"))) static long tile_products(long iterations) {
    tile_shapes shapes = {.palette = 1};
    for (int tile = 0; tile < 8; ++tile) {
        shapes.row_bytes[tile] = 64;
        shapes.rows[tile] = 16;
    }
    _tile_loadconfig(&shapes);
    for (long n = 0; n < iterations; ++n) {
        _tile_dpbf16ps(0, 6, 7);
        _tile_dpbf16ps(1, 6, 7);
        _tile_dpbf16ps(2, 6, 7);
        _tile_dpbf16ps(3, 6, 7);
        _tile_dpbf16ps(4, 6, 7);
        _tile_dpbf16ps(5, 6, 7);
    }
    _tile_release();
    return iterations * 6 * (16 * 16 * 32) * 2;
}

/// Whether there are AMX's tiles, and the kernel saves them for this process.
static bool has_tiles(void) {
    const long request_permission = 0x1023, tile_data = 18;
    return __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16")
        && syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

/// More than the latency needs, which differs from processor to processor; registers are there for twice as many.
enum { DOT_SUMS = 16 };

__attribute__((target("avx512f,avx512bf16"))) static long dot_products(long iterations) {
    __m512 sums[DOT_SUMS];
    for (int i = 0; i < DOT_SUMS; ++i) sums[i] = _mm512_set1_ps((float)i);
    const __m512bh ones = (__m512bh)_mm512_set1_epi16(0x3f80);
    for (long n = 0; n < iterations; ++n) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < DOT_SUMS; ++i) {
            sums[i] = _mm512_dpbf16_ps(sums[i], ones, ones);
        }
    }
    float total = 0;
    for (int i = 0; i < DOT_SUMS; ++i) total += sums[i][0];
    sink = total;
    return iterations * DOT_SUMS * 32 * 2;
}

#endif

static long multiply_adds(long iterations) {
    const float factor = 0.999f, term = 0.001f;
    return has_wide_registers() ? multiply_adds16(iterations, factor, term) : multiply_adds8(iterations, factor, term);
}

typedef long (*register_loop)(long iterations);

typedef struct {
    register_loop run;
    long iterations;
    _Atomic long operations;
} threads_of_loop;

static void run_loop(void *context, long begin, long end) {
    threads_of_loop *threads = context;
    for (long i = begin; i < end; ++i) threads->operations += threads->run(threads->iterations);
}

/// Runs a loop once on each thread.
static long on_all_threads(register_loop run, long iterations) {
    threads_of_loop threads = {.run = run, .iterations = iterations};
    apus_parallel(run_loop, &threads, apus_thread_count(), 1);
    return threads.operations;
}

long apus_peak_multiply_adds(long iterations) { return on_all_threads(multiply_adds, iterations); }

long apus_peak_bfloat16(long iterations) {
#if defined(__x86_64__) && defined(__linux__)
    if (has_tiles()) return on_all_threads(tile_products, iterations / 10);
    if (__builtin_cpu_supports("avx512bf16")) return on_all_threads(dot_products, iterations);
#endif
    return apus_peak_multiply_adds(iterations);
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
