/// Recurrent sequences (LSTM, GRU, tanh and ReLU) and their gradients.
///
/// Rows of the batch need nothing of each other, and at one step units need nothing of each other: either can be split.
#include "elementary.h"

/// Rows of the batch that go through the steps together.
enum { ROWS = 32 };

/// Rows of a panel of weights that stay in the first-level cache while they are used.
enum { DEPTH = 128 };

/// The parts of the forward result. States are one more than steps: the first is that before the first step.
typedef struct {
    void *cells, *hidden, *gates;
} sequence;

static long gate_count(const apus_recurrence *r) {
    return r->cell == APUS_LSTM ? 4 : r->cell == APUS_GRU ? 3 : 1;
}

static sequence sequence_of(const apus_recurrence *r, const void *result) {
    long size = r->dtype == APUS_FLOAT32 ? sizeof(float) : sizeof(double);
    long states = (r->steps + 1) * r->batch * r->hidden * size;
    char *hidden = (char *)result + (r->cell == APUS_LSTM ? states : 0);
    return (sequence){(void *)result, hidden, hidden + states};
}

static double sigmoid_f64(double x) {
    double e = exp(-fabs(x));
    return (x >= 0 ? 1 : e) / (1 + e);
}

// MARK: One set of kernels for each type and level of x86-64. Tiles depend on the registers, so clones of one source won't do.

#if defined(__x86_64__)
#define WIDE __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define MIDDLE __attribute__((target("arch=x86-64-v3")))
#endif
#define NARROW

/// A loop in vectors of exactly LANES: a cell's loop is often no longer than that, and the compiler would unroll it.
#define PRAGMA(text) _Pragma(#text)
#define VECTORS_OF(lanes) PRAGMA(clang loop vectorize(assume_safety) vectorize_width(lanes) interleave_count(1))
#define LANEWISE VECTORS_OF(LANES)

#define ELEMENT float
#define SIGMOID sigmoid_f32
#define TANH tanh_f32
#ifdef WIDE
#define NAME(x) x##_f32_wide
#define LEVEL WIDE
#define LANES 16
#define TILE_ROWS 6
#include "recurrent_kernels.h"
#undef NAME
#undef LEVEL
#undef LANES
#undef TILE_ROWS
#define NAME(x) x##_f32_middle
#define LEVEL MIDDLE
#define LANES 8
#define TILE_ROWS 3
#include "recurrent_kernels.h"
#undef NAME
#undef LEVEL
#undef LANES
#undef TILE_ROWS
#endif
#define NAME(x) x##_f32_narrow
#define LEVEL NARROW
#define LANES 4
#define TILE_ROWS 2
#include "recurrent_kernels.h"
#undef NAME
#undef LEVEL
#undef LANES
#undef ELEMENT
#undef SIGMOID
#undef TANH

// float64 is there to check gradients with: one level is enough, and the library's tanh is no vector function.
#undef LANEWISE
#define LANEWISE
#define ELEMENT double
#define SIGMOID sigmoid_f64
#define TANH tanh
#define NAME(x) x##_f64
#define LEVEL NARROW
#define LANES 2
#include "recurrent_kernels.h"

typedef struct {
    long (*panel_count)(const apus_recurrence *, int);
    long (*packed_count)(const apus_recurrence *, int);
    void (*pack[2])(const apus_recurrence *, void *, const void *, long, long);
    void (*run)(
        const apus_recurrence *, const sequence *, const void *, const void *, const void *,
        const apus_recurrence_part *);
    void (*gradient)(
        const apus_recurrence *, const sequence *, void *, const void *, const void *, const void *,
        const apus_recurrence_part *);
} kernels;

#define KERNELS(suffix)                                                                                        \
    (kernels) {                                                                                                \
        panel_count_##suffix, packed_count_##suffix, {pack_##suffix, pack_backward_##suffix}, run_##suffix,    \
            gradient_##suffix                                                                                  \
    }

static kernels kernels_for(const apus_recurrence *r) {
    if (r->dtype == APUS_FLOAT64) return KERNELS(f64);
#ifdef WIDE
    if (__builtin_cpu_supports("x86-64-v4")) return KERNELS(f32_wide);
    if (__builtin_cpu_supports("x86-64-v3")) return KERNELS(f32_middle);
#endif
    return KERNELS(f32_narrow);
}

long apus_recurrence_panel_count(const apus_recurrence *r, int backward) {
    return kernels_for(r).panel_count(r, backward);
}

long apus_recurrence_packed_count(const apus_recurrence *r, int backward) {
    return kernels_for(r).packed_count(r, backward);
}

void apus_recurrence_pack(
    const apus_recurrence *r, void *packed, const void *weight, int backward, long begin, long end) {
    kernels_for(r).pack[backward != 0](r, packed, weight, begin, end);
}

void apus_recurrence_start(const apus_recurrence *r, void *result, const void *hidden, const void *cell) {
    sequence s = sequence_of(r, result);
    size_t size = (size_t)(r->batch * r->hidden) * (r->dtype == APUS_FLOAT32 ? sizeof(float) : sizeof(double));
    memcpy(s.hidden, hidden, size);
    if (r->cell == APUS_LSTM) memcpy(s.cells, cell, size);
}

void apus_recurrence_run(
    const apus_recurrence *r, void *result, const void *projected, const void *packed, const void *bias,
    apus_recurrence_part part) {
    sequence s = sequence_of(r, result);
    kernels_for(r).run(r, &s, projected, packed, bias, &part);
}

void apus_recurrence_gradient(
    const apus_recurrence *r, void *out, const void *result, const void *gradient, const void *cellGradient,
    const void *packed, apus_recurrence_part part) {
    sequence s = sequence_of(r, result);
    kernels_for(r).gradient(r, &s, out, gradient, cellGradient, packed, &part);
}
