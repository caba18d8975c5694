/// Attention without the matrix of all scores in memory: a block of queries at a time, its scores in cache.
///
/// A block sees whole rows of scores, so nothing is rescaled on the way (Dao et al. 2022 do, for smaller caches). The
/// gradient computes the scores again instead of keeping them.
#include "elementary.h"

/// Extents rounded up to whole tiles, and the queries of a block.
typedef struct {
    long keys, features, valueFeatures, rows;
} attention_sizes;

/// So many queries of a head are not worth the packing of its keys and values.
enum { FEW_QUERIES = 4 };

/// Where one head's matrices begin.
typedef struct {
    const void *query, *key, *value, *mask, *gradient;
    void *result, *queryGradient, *keyGradient, *valueGradient;
} attention_head;

/// The kernels of one floating type on one level of x86-64.
typedef struct {
    /// Bytes that one head needs at a time.
    long (*scratch)(const apus_attention *, bool isGradient, attention_sizes *);
    void (*attend)(const apus_attention *, const attention_head *, void *scratch, long begin, long end);
    void (*differentiate)(const apus_attention *, const attention_head *, void *scratch);
} attention_kernels;

#if defined(__x86_64__)
#define TARGET __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define VECTOR_BYTES 64
#define TILE_ROWS 8
#define TILE_VECTORS 2
#define REAL float
#define EXP exp_f32
#define NAME(x) x##_f32_v4
#include "attention_kernels.h"
#define REAL double
#define EXP exp
#define NAME(x) x##_f64_v4
#include "attention_kernels.h"
#undef TARGET
#undef VECTOR_BYTES
#undef TILE_ROWS
#undef TILE_VECTORS

#define TARGET __attribute__((target("arch=x86-64-v3")))
#define VECTOR_BYTES 32
#define TILE_ROWS 4
#define TILE_VECTORS 2
#define REAL float
#define EXP exp_f32
#define NAME(x) x##_f32_v3
#include "attention_kernels.h"
#define REAL double
#define EXP exp
#define NAME(x) x##_f64_v3
#include "attention_kernels.h"
#undef TARGET
#undef VECTOR_BYTES
#undef TILE_ROWS
#undef TILE_VECTORS
#endif

#define TARGET
#define VECTOR_BYTES 16
#define TILE_ROWS 4
#define TILE_VECTORS 2
#define REAL float
#define EXP exp_f32
#define NAME(x) x##_f32_v2
#include "attention_kernels.h"
#define REAL double
#define EXP exp
#define NAME(x) x##_f64_v2
#include "attention_kernels.h"
#undef TARGET
#undef VECTOR_BYTES
#undef TILE_ROWS
#undef TILE_VECTORS

static const attention_kernels *kernels(int dtype) {
    bool isDouble = dtype == APUS_FLOAT64;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v4")) return isDouble ? &kernels_f64_v4 : &kernels_f32_v4;
    if (__builtin_cpu_supports("x86-64-v3")) return isDouble ? &kernels_f64_v3 : &kernels_f32_v3;
#endif
    return isDouble ? &kernels_f64_v2 : &kernels_f32_v2;
}

/// Whole cache lines, so that threads don't share one.
static long scratch_stride(const apus_attention *a, bool isGradient) {
    attention_sizes sizes;
    return (kernels(a->dtype)->scratch(a, isGradient, &sizes) + 63) & ~63L;
}

long apus_attention_scratch(const apus_attention *a, int isGradient) {
    return a->parts * scratch_stride(a, isGradient) + 64;
}

typedef struct {
    const apus_attention *a;
    const apus_attention_operands *operands;
    char *scratch;
    long stride;
    /// One head's queries are worked on in so many pieces, where heads alone don't keep all threads busy.
    long pieces, piece;
    bool isGradient;
    /// The next item; whoever is free takes it.
    _Atomic long next;
    long count;
} attention_run;

static void *at(const void *data, const long *strides, const long *index, const apus_attention *a, long size) {
    if (!data) return NULL;
    long offset = 0;
    for (int axis = 0; axis < a->batchRank; ++axis) offset += index[axis] * strides[axis];
    return (char *)data + offset * size;
}

static attention_head head_at(const attention_run *run, long number) {
    const apus_attention *a = run->a;
    const apus_attention_operands *o = run->operands;
    long index[APUS_MAXIMUM_RANK];
    for (int axis = a->batchRank - 1; axis >= 0; --axis) {
        index[axis] = number % a->batchShape[axis];
        number /= a->batchShape[axis];
    }
    long size = apus_element_sizes[a->dtype], maskSize = size < 4 ? 4 : size;
    return (attention_head){
        .query = at(o->query, a->query.batch, index, a, size),
        .key = at(o->key, a->key.batch, index, a, size),
        .value = at(o->value, a->value.batch, index, a, size),
        .mask = at(o->mask, a->mask.batch, index, a, maskSize),
        .gradient = at(o->gradient, a->gradient.batch, index, a, size),
        .result = at(o->result, a->result.batch, index, a, size),
        .queryGradient = at(o->queryGradient, a->queryGradient.batch, index, a, size),
        .keyGradient = at(o->keyGradient, a->keyGradient.batch, index, a, size),
        .valueGradient = at(o->valueGradient, a->valueGradient.batch, index, a, size),
    };
}

static void run_part(void *context, long part) {
    attention_run *run = context;
    const apus_attention *a = run->a;
    const attention_kernels *functions = kernels(a->dtype);
    void *scratch = run->scratch + part * run->stride;
    for (long item; (item = run->next++) < run->count;) {
        attention_head head = head_at(run, item / run->pieces);
        if (run->isGradient) {
            functions->differentiate(a, &head, scratch);
        } else {
            long begin = item % run->pieces * run->piece;
            long end = begin + run->piece < a->queries ? begin + run->piece : a->queries;
            if (begin < end) functions->attend(a, &head, scratch, begin, end);
        }
    }
}

static void run_heads(
    const apus_attention *a, const apus_attention_operands *operands, char *scratch, bool isGradient)
{
    attention_run run = {.a = a, .operands = operands, .isGradient = isGradient};
    run.scratch = (char *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63);
    run.stride = scratch_stride(a, isGradient);
    long heads = 1;
    for (int axis = 0; axis < a->batchRank; ++axis) heads *= a->batchShape[axis];
    if (heads == 0) return;
    attention_sizes sizes;
    kernels(a->dtype)->scratch(a, isGradient, &sizes);
    long blocks = (a->queries + sizes.rows - 1) / sizes.rows;
    long wanted = isGradient || heads >= 2 * a->parts ? 1 : (2 * a->parts + heads - 1) / heads;
    blocks = blocks < 1 ? 1 : blocks;
    wanted = wanted < blocks ? wanted : blocks;
    run.piece = (blocks + wanted - 1) / wanted * sizes.rows;
    run.pieces = (blocks * sizes.rows + run.piece - 1) / run.piece;
    run.count = heads * run.pieces;
    apus_run_parts(run_part, &run, a->parts < run.count ? a->parts : run.count);
}

void apus_attend(const apus_attention *a, const apus_attention_operands *operands, void *scratch) {
    run_heads(a, operands, scratch, false);
}

void apus_attend_gradient(const apus_attention *a, const apus_attention_operands *operands, void *scratch) {
    run_heads(a, operands, scratch, true);
}
