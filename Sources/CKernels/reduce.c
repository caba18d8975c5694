/// Reductions of tiles.
#include "internal.h"

#define SUM(x, y) ((x) + (y))
#define PRODUCT(x, y) ((x) * (y))
#define FLOAT_MAXIMUM(x, y) ((x) > (y) || (x) != (x) ? (x) : (y))
#define FLOAT_MINIMUM(x, y) ((x) < (y) || (x) != (x) ? (x) : (y))
#define MAXIMUM(x, y) ((x) > (y) ? (x) : (y))
#define MINIMUM(x, y) ((x) < (y) ? (x) : (y))

/// Elements that one set of partial results takes in before it is added to the others.
enum { BLOCK = 4096 };

/// Up to this many columns, several rows are reduced side by side.
enum { NARROW = 32, WIDE = 64 };

// MARK: A row to one value

/// Partial results in vector lanes; blocks keep a long sum's error small.
#define ROW_FOLD(name, type, identity, combine)                                                               \
    APUS_INLINE type name(const type *x, long n) {                                                            \
        _Pragma("clang fp reassociate(on)");                                                                  \
        type total = identity;                                                                                \
        for (long begin = 0; begin < n; begin += BLOCK) {                                                     \
            long end = begin + BLOCK < n ? begin + BLOCK : n;                                                 \
            type part = identity;                                                                             \
            for (long i = begin; i < end; ++i) part = combine(part, x[i]);                                    \
            total = combine(total, part);                                                                     \
        }                                                                                                     \
        return total;                                                                                         \
    }

/// Extremes of floats as integers in the same order, which vectorize; NaN aside.
#define ROW_EXTREME(name, type, integer, width, identity, combine)                                            \
    APUS_INLINE type name(const type *x, long n) {                                                            \
        const integer greatest = (integer)(((uint64_t)1 << (width - 1)) - 1);                                 \
        type extreme = identity;                                                                              \
        integer key, best;                                                                                    \
        memcpy(&best, &extreme, sizeof best);                                                                 \
        best ^= (best >> (width - 1)) & greatest;                                                             \
        integer unordered = 0;                                                                                \
        for (long i = 0; i < n; ++i) {                                                                        \
            memcpy(&key, &x[i], sizeof key);                                                                  \
            key ^= (key >> (width - 1)) & greatest;                                                           \
            best = combine(best, key);                                                                        \
            unordered |= x[i] != x[i];                                                                        \
        }                                                                                                     \
        best ^= (best >> (width - 1)) & greatest;                                                             \
        memcpy(&extreme, &best, sizeof extreme);                                                              \
        return unordered ? (type)NAN : extreme;                                                               \
    }

ROW_FOLD(fold_sum_f32, float, 0, SUM)
ROW_FOLD(fold_product_f32, float, 1, PRODUCT)
ROW_EXTREME(fold_maximum_f32, float, int32_t, 32, -INFINITY, MAXIMUM)
ROW_EXTREME(fold_minimum_f32, float, int32_t, 32, INFINITY, MINIMUM)
ROW_FOLD(fold_sum_f64, double, 0, SUM)
ROW_FOLD(fold_product_f64, double, 1, PRODUCT)
ROW_EXTREME(fold_maximum_f64, double, int64_t, 64, -INFINITY, MAXIMUM)
ROW_EXTREME(fold_minimum_f64, double, int64_t, 64, INFINITY, MINIMUM)

#define INTEGER_FOLDS(type, unsigned_type, suffix, least, greatest)                                           \
    ROW_FOLD(fold_sum_##suffix, unsigned_type, 0, SUM)                                                        \
    ROW_FOLD(fold_product_##suffix, unsigned_type, 1, PRODUCT)                                                \
    ROW_FOLD(fold_maximum_##suffix, type, least, MAXIMUM)                                                     \
    ROW_FOLD(fold_minimum_##suffix, type, greatest, MINIMUM)

INTEGER_FOLDS(int32_t, uint32_t, i32, INT32_MIN, INT32_MAX)
INTEGER_FOLDS(int64_t, uint64_t, i64, INT64_MIN, INT64_MAX)
INTEGER_FOLDS(uint8_t, uint8_t, u8, 0, UINT8_MAX)

// MARK: Tiles

typedef struct {
    void (*rows)(void *, const void *, long, long);
    void (*columns)(void *, const void *, long, long);
    void (*combine)(void *, const void *, long);
    void (*fill)(void *, long);
} reducer;

#define REDUCER(operation, suffix, type, identity, combine_two)                                               \
    static void fill_##operation##_##suffix(void *out, long n) {                                              \
        type *to = out;                                                                                       \
        for (long i = 0; i < n; ++i) to[i] = identity;                                                        \
    }                                                                                                         \
                                                                                                              \
    APUS_CLONES static void combine_##operation##_##suffix(void *out, const void *x, long n) {                \
        type *to = out;                                                                                       \
        const type *from = x;                                                                                 \
        APUS_VECTORIZE for (long i = 0; i < n; ++i) {                                                         \
            type y = to[i], z = from[i];                                                                      \
            to[i] = (type)combine_two(y, z);                                                                  \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    APUS_CLONES static void rows_##operation##_##suffix(void *out, const void *x, long rows, long columns) {  \
        type *to = out;                                                                                       \
        const type *row = x;                                                                                  \
        for (long r = 0; r < rows; ++r, row += columns) {                                                     \
            type y = to[r], z = fold_##operation##_##suffix(row, columns);                                    \
            to[r] = (type)combine_two(y, z);                                                                  \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    /* Four rows at a time, so that `out` is read and written less. */                                        \
    APUS_CLONES static void broad_columns_##operation##_##suffix(                                             \
        void *out, const void *x, long rows, long columns) {                                                  \
        type *to = out;                                                                                       \
        const type *row = x;                                                                                  \
        long r = 0;                                                                                           \
        for (; r + 4 <= rows; r += 4, row += 4 * columns) {                                                   \
            const type *second = row + columns, *third = second + columns, *fourth = third + columns;         \
            APUS_VECTORIZE for (long c = 0; c < columns; ++c) {                                               \
                type y0 = row[c], y1 = second[c], y2 = third[c], y3 = fourth[c], z = to[c];                   \
                type low = (type)combine_two(y0, y1), high = (type)combine_two(y2, y3);                       \
                type four = (type)combine_two(low, high);                                                     \
                to[c] = (type)combine_two(z, four);                                                           \
            }                                                                                                 \
        }                                                                                                     \
        for (; r < rows; ++r, row += columns) {                                                               \
            APUS_VECTORIZE for (long c = 0; c < columns; ++c) {                                               \
                type y = to[c], z = row[c];                                                                   \
                to[c] = (type)combine_two(y, z);                                                              \
            }                                                                                                 \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    static void columns_##operation##_##suffix(void *out, const void *x, long rows, long columns) {           \
        if (columns == 0) return;                                                                             \
        long together = WIDE / columns;                                                                       \
        if (columns > NARROW || rows < 2 * together) {                                                        \
            broad_columns_##operation##_##suffix(out, x, rows, columns);                                      \
            return;                                                                                           \
        }                                                                                                     \
        if (columns == 1) {                                                                                   \
            rows_##operation##_##suffix(out, x, 1, rows);                                                     \
            return;                                                                                           \
        }                                                                                                     \
        type parts[WIDE];                                                                                     \
        long wide = rows / together;                                                                          \
        fill_##operation##_##suffix(parts, together * columns);                                               \
        broad_columns_##operation##_##suffix(parts, x, wide, together * columns);                             \
        broad_columns_##operation##_##suffix(out, parts, together, columns);                                  \
        const type *rest = (const type *)x + wide * together * columns;                                       \
        broad_columns_##operation##_##suffix(out, rest, rows - wide * together, columns);                     \
    }

REDUCER(sum, f32, float, 0, SUM)
REDUCER(product, f32, float, 1, PRODUCT)
REDUCER(maximum, f32, float, -INFINITY, FLOAT_MAXIMUM)
REDUCER(minimum, f32, float, INFINITY, FLOAT_MINIMUM)
REDUCER(sum, f64, double, 0, SUM)
REDUCER(product, f64, double, 1, PRODUCT)
REDUCER(maximum, f64, double, -INFINITY, FLOAT_MAXIMUM)
REDUCER(minimum, f64, double, INFINITY, FLOAT_MINIMUM)

#define INTEGER_REDUCERS(type, unsigned_type, suffix, least, greatest)                                        \
    REDUCER(sum, suffix, unsigned_type, 0, SUM)                                                               \
    REDUCER(product, suffix, unsigned_type, 1, PRODUCT)                                                       \
    REDUCER(maximum, suffix, type, least, MAXIMUM)                                                            \
    REDUCER(minimum, suffix, type, greatest, MINIMUM)

INTEGER_REDUCERS(int32_t, uint32_t, i32, INT32_MIN, INT32_MAX)
INTEGER_REDUCERS(int64_t, uint64_t, i64, INT64_MIN, INT64_MAX)
INTEGER_REDUCERS(uint8_t, uint8_t, u8, 0, UINT8_MAX)

static void fill_true(void *out, long n) { memset(out, 1, (size_t)n); }

#define ENTRY(operation, suffix)                                                                              \
    {rows_##operation##_##suffix, columns_##operation##_##suffix, combine_##operation##_##suffix,             \
     fill_##operation##_##suffix}

#define ENTRIES(suffix)                                                                                       \
    {                                                                                                         \
        [APUS_SUM] = ENTRY(sum, suffix), [APUS_PRODUCT] = ENTRY(product, suffix),                             \
        [APUS_MAXIMUM] = ENTRY(maximum, suffix), [APUS_MINIMUM] = ENTRY(minimum, suffix),                     \
    }

/// On bool, any and all are the greatest and the least.
#define ANY {rows_maximum_u8, columns_maximum_u8, combine_maximum_u8, fill_maximum_u8}
#define ALL {rows_minimum_u8, columns_minimum_u8, combine_minimum_u8, fill_true}

static const reducer reducers[APUS_DTYPE_COUNT][APUS_REDUCTION_COUNT] = {
    [APUS_FLOAT32] = ENTRIES(f32), [APUS_FLOAT64] = ENTRIES(f64), [APUS_INT32] = ENTRIES(i32),
    [APUS_INT64] = ENTRIES(i64),   [APUS_UINT8] = ENTRIES(u8),    [APUS_BOOL] = {ANY, ALL, ANY, ALL},
};

void apus_reduce_fill(void *out, long n, int operation, int dtype) { reducers[dtype][operation].fill(out, n); }

void apus_combine(void *out, const void *x, long n, int operation, int dtype) {
    reducers[dtype][operation].combine(out, x, n);
}

void apus_reduce_rows(void *out, const void *x, long rows, long columns, int operation, int dtype) {
    reducers[dtype][operation].rows(out, x, rows, columns);
}

void apus_reduce_columns(void *out, const void *x, long rows, long columns, int operation, int dtype) {
    reducers[dtype][operation].columns(out, x, rows, columns);
}

// MARK: Index of the extreme

/// Lanes side by side for as many as fit on the stack; along one lane when inner is 1.
enum { LANES = 256 };

#define NOT_NAN(x) ((x) == (x))

#define ARG_REDUCE(suffix, type, value_type, load)                                                            \
    APUS_CLONES static void arg_reduce_##suffix(                                                              \
        int64_t *out, const type *x, long extent, long inner, long lanes, bool maximum) {                     \
        value_type best[LANES];                                                                               \
        for (long lane = 0; lane < lanes; ++lane) {                                                           \
            best[lane] = load(x[lane]);                                                                       \
            out[lane] = 0;                                                                                    \
        }                                                                                                     \
        for (long k = 1; k < extent; ++k) {                                                                   \
            const type *row = x + k * inner;                                                                  \
            APUS_VECTORIZE for (long lane = 0; lane < lanes; ++lane) {                                        \
                value_type y = load(row[lane]), z = best[lane];                                               \
                bool further = maximum ? y > z : y < z;                                                       \
                bool better = NOT_NAN(z) & (further | !NOT_NAN(y));                                           \
                best[lane] = better ? y : z;                                                                  \
                out[lane] = better ? k : out[lane];                                                           \
            }                                                                                                 \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    static int64_t arg_reduce_row_##suffix(const type *x, long extent, bool maximum) {                        \
        value_type best = load(x[0]);                                                                         \
        long index = 0;                                                                                       \
        for (long k = 1; k < extent && NOT_NAN(best); ++k) {                                                  \
            value_type y = load(x[k]);                                                                        \
            if ((maximum ? y > best : y < best) || !NOT_NAN(y)) {                                             \
                best = y;                                                                                     \
                index = k;                                                                                    \
            }                                                                                                 \
        }                                                                                                     \
        return index;                                                                                         \
    }                                                                                                         \
                                                                                                              \
    static void arg_reduce_range_##suffix(                                                                    \
        int64_t *out, const type *x, long extent, long inner, bool maximum, long begin, long end) {           \
        for (long at = begin; at < end;) {                                                                    \
            const type *lane = x + at / inner * extent * inner + at % inner;                                  \
            if (inner == 1) {                                                                                 \
                out[at] = arg_reduce_row_##suffix(lane, extent, maximum);                                     \
                at += 1;                                                                                      \
                continue;                                                                                     \
            }                                                                                                 \
            long lanes = inner - at % inner;                                                                  \
            lanes = lanes < end - at ? lanes : end - at;                                                      \
            lanes = lanes < LANES ? lanes : LANES;                                                            \
            arg_reduce_##suffix(out + at, lane, extent, inner, lanes, maximum);                               \
            at += lanes;                                                                                      \
        }                                                                                                     \
    }

#define SAME(x) (x)

ARG_REDUCE(f32, float, float, SAME)
ARG_REDUCE(bf16, bfloat16_bits, float, float_of_bfloat16)
ARG_REDUCE(f16, float16_bits, float, float_of_float16)
ARG_REDUCE(f64, double, double, SAME)
ARG_REDUCE(i32, int32_t, int32_t, SAME)
ARG_REDUCE(i64, int64_t, int64_t, SAME)
ARG_REDUCE(u8, uint8_t, uint8_t, SAME)

void apus_arg_reduce(
    int64_t *out, const void *x, long outer, long extent, long inner, int operation, int dtype, long begin, long end) {
    bool maximum = operation == APUS_ARG_MAXIMUM;
    switch (dtype) {
    case APUS_FLOAT32: arg_reduce_range_f32(out, x, extent, inner, maximum, begin, end); break;
    case APUS_BFLOAT16: arg_reduce_range_bf16(out, x, extent, inner, maximum, begin, end); break;
    case APUS_FLOAT16: arg_reduce_range_f16(out, x, extent, inner, maximum, begin, end); break;
    case APUS_FLOAT64: arg_reduce_range_f64(out, x, extent, inner, maximum, begin, end); break;
    case APUS_INT32: arg_reduce_range_i32(out, x, extent, inner, maximum, begin, end); break;
    case APUS_INT64: arg_reduce_range_i64(out, x, extent, inner, maximum, begin, end); break;
    default: arg_reduce_range_u8(out, x, extent, inner, maximum, begin, end);
    }
}
