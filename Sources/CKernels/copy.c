/// Copies between strided views and contiguous memory.
#include "strided.h"

/// Rows up to this length are copied without a call.
enum { SHORT_ROW = 32, BLOCK = 16 };

#define COPIES(type, suffix)                                                                                  \
    APUS_CLONES static void fill_##suffix(type *out, type value, long n) {                                    \
        APUS_VECTORIZE for (long i = 0; i < n; ++i) out[i] = value;                                           \
    }                                                                                                         \
                                                                                                              \
    APUS_INLINE void move_##suffix(type *out, long outStride, const type *x, long stride, long n) {           \
        if (stride == 1 && outStride == 1 && n > SHORT_ROW) {                                                 \
            memcpy(out, x, (size_t)n * sizeof(type));                                                         \
        } else if (stride == 0 && outStride == 1 && n > SHORT_ROW) {                                          \
            fill_##suffix(out, *x, n);                                                                        \
        } else {                                                                                              \
            for (long i = 0; i < n; ++i) out[i * outStride] = x[i * stride];                                  \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    /* Moves elements begin..<end of a view from it to contiguous `packed`, or the other way. */              \
    APUS_INLINE void walk_##suffix(type *packed, type *strided, const view *v, long begin, long end, bool gather) { \
        long columns = v->shape[v->rank - 1], stride = v->strides[v->rank - 1];                               \
        long column = begin % columns, rest = end - begin;                                                    \
        row_cursor cursor = cursor_at(v, begin / columns);                                                    \
        while (rest > 0) {                                                                                    \
            long n = columns - column < rest ? columns - column : rest;                                       \
            type *row = strided + cursor.offset + column * stride;                                            \
            if (gather) {                                                                                     \
                move_##suffix(packed, 1, row, stride, n);                                                     \
            } else {                                                                                          \
                move_##suffix(row, stride, packed, 1, n);                                                     \
            }                                                                                                 \
            packed += n;                                                                                      \
            rest -= n;                                                                                        \
            column = 0;                                                                                       \
            advance(&cursor, v);                                                                              \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    static void gather_##suffix(type *out, const type *x, const view *v, long begin, long end) {              \
        walk_##suffix(out, (type *)x, v, begin, end, true);                                                   \
    }                                                                                                         \
                                                                                                              \
    static void store_##suffix(type *out, const type *x, const view *v, long begin, long end) {               \
        walk_##suffix((type *)x, out, v, begin, end, false);                                                  \
    }                                                                                                         \
                                                                                                              \
    /* out[i, k] = x[i, k] for a plane whose rows are near in x and whose columns are near in out: by blocks, */ \
    /* so that a cache line serves all its elements. */                                                       \
    static void transpose_##suffix(                                                                           \
        type *out, long outStride, const type *x, long rowStride, long columnStride, long rows, long columns) { \
        for (long k = 0; k < columns; k += BLOCK) {                                                           \
            long width = columns - k < BLOCK ? columns - k : BLOCK;                                           \
            for (long i = 0; i < rows; i += BLOCK) {                                                          \
                long height = rows - i < BLOCK ? rows - i : BLOCK;                                            \
                for (long ii = i; ii < i + height; ++ii) {                                                    \
                    const type *from = x + ii * rowStride + k * columnStride;                                 \
                    type *to = out + ii * outStride + k;                                                      \
                    if (width == BLOCK) {                                                                     \
                        for (long kk = 0; kk < BLOCK; ++kk) to[kk] = from[kk * columnStride];                 \
                    } else {                                                                                  \
                        for (long kk = 0; kk < width; ++kk) to[kk] = from[kk * columnStride];                 \
                    }                                                                                         \
                }                                                                                             \
            }                                                                                                 \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    /* As gather, where `near` is the axis along which x's elements are nearest. */                           \
    static void gather_planes_##suffix(                                                                       \
        type *out, const type *x, const view *v, int near, long begin, long end) {                            \
        view middle = *v;                                                                                     \
        long unit = 1, planes = 1, columns = v->shape[v->rank - 1];                                           \
        for (int axis = near + 1; axis < v->rank; ++axis) unit *= v->shape[axis];                             \
        for (int axis = near + 1; axis < v->rank - 1; ++axis) planes *= v->shape[axis];                       \
        view outside = *v;                                                                                    \
        outside.rank = near + 2; /* its rows are the units */                                                 \
        middle.rank = v->rank - near - 1;                                                                     \
        memmove(middle.shape, v->shape + near + 1, sizeof(long) * (size_t)middle.rank);                       \
        memmove(middle.strides, v->strides + near + 1, sizeof(long) * (size_t)middle.rank);                   \
        long first = (begin + unit - 1) / unit, last = end / unit;                                            \
        if (first >= last) {                                                                                  \
            gather_##suffix(out, x, v, begin, end);                                                           \
            return;                                                                                           \
        }                                                                                                     \
        gather_##suffix(out, x, v, begin, first * unit);                                                      \
        for (long u = first; u < last;) {                                                                     \
            long run = v->shape[near] - u % v->shape[near];                                                   \
            run = run < last - u ? run : last - u;                                                            \
            const type *block = x + cursor_at(&outside, u).offset;                                            \
            row_cursor cursor = cursor_at(&middle, 0);                                                        \
            for (long plane = 0; plane < planes; ++plane) {                                                   \
                transpose_##suffix(                                                                           \
                    out + (u * unit - begin) + plane * columns, unit, block + cursor.offset, v->strides[near], \
                    v->strides[v->rank - 1], run, columns);                                                   \
                advance(&cursor, &middle);                                                                    \
            }                                                                                                 \
            u += run;                                                                                         \
        }                                                                                                     \
        gather_##suffix(out + (last * unit - begin), x, v, last * unit, end);                                 \
    }

COPIES(uint8_t, 1)
COPIES(uint16_t, 2)
COPIES(uint32_t, 4)
COPIES(uint64_t, 8)

static void gather_view(void *out, const void *x, const view *v, int elementSize, long begin, long end) {
    switch (elementSize) {
    case 1: gather_1(out, x, v, begin, end); break;
    case 2: gather_2(out, x, v, begin, end); break;
    case 4: gather_4(out, x, v, begin, end); break;
    default: gather_8(out, x, v, begin, end);
    }
}

/// The axis that a transposing copy should run along together with the last one, or −1 where rows are as good.
static int nearest_axis(const view *v) {
    long best = labs(v->strides[v->rank - 1]);
    int near = -1;
    for (int axis = 0; axis < v->rank - 1; ++axis) {
        long distance = labs(v->strides[axis]);
        if (distance == 0 || distance >= best || v->shape[axis] < 4) continue;
        best = distance;
        near = axis;
    }
    return near;
}

void apus_strided_copy(
    void *out, const void *x, const long *shape, const long *strides, int rank, int elementSize, long begin, long end) {
    if (begin >= end) return;
    view v = merged_view(shape, strides, rank);
    long period = 1;
    for (int axis = 1; axis < v.rank; ++axis) period *= v.shape[axis];
    if (v.strides[0] == 0 && v.rank > 1 && end - begin > period) {
        // The first period again and again, each copy doubling what there is.
        apus_strided_copy(out, x, shape, strides, rank, elementSize, begin, begin + period);
        size_t total = (size_t)((end - begin) * elementSize), done = (size_t)(period * elementSize);
        while (done < total) {
            size_t next = total - done < done ? total - done : done;
            memcpy((char *)out + done, out, next);
            done += next;
        }
        return;
    }
    int near = nearest_axis(&v);
    if (near < 0) {
        gather_view(out, x, &v, elementSize, begin, end);
        return;
    }
    switch (elementSize) {
    case 1: gather_planes_1(out, x, &v, near, begin, end); break;
    case 2: gather_planes_2(out, x, &v, near, begin, end); break;
    case 4: gather_planes_4(out, x, &v, near, begin, end); break;
    default: gather_planes_8(out, x, &v, near, begin, end);
    }
}

void apus_strided_store(
    void *out, const void *x, const long *shape, const long *strides, int rank, int elementSize, long begin, long end) {
    if (begin >= end) return;
    view v = merged_view(shape, strides, rank);
    switch (elementSize) {
    case 1: store_1(out, x, &v, begin, end); break;
    case 2: store_2(out, x, &v, begin, end); break;
    case 4: store_4(out, x, &v, begin, end); break;
    default: store_8(out, x, &v, begin, end);
    }
}

void apus_fill(void *out, const void *value, int elementSize, long n) {
    switch (elementSize) {
    case 1: memset(out, *(const uint8_t *)value, (size_t)n); break;
    case 2: fill_2(out, *(const uint16_t *)value, n); break;
    case 4: fill_4(out, *(const uint32_t *)value, n); break;
    default: fill_8(out, *(const uint64_t *)value, n);
    }
}

#define EXPAND(size, type)                                                                                    \
    APUS_CLONES static void expand_##size(type *out, const type *values, long rows, long columns) {          \
        for (long row = 0; row < rows; ++row, out += columns) {                                               \
            type value = values[row];                                                                         \
            for (long i = 0; i < columns; ++i) out[i] = value;                                                \
        }                                                                                                     \
    }

EXPAND(1, uint8_t)
EXPAND(2, uint16_t)
EXPAND(4, uint32_t)
EXPAND(8, uint64_t)

void apus_expand_rows(void *out, const void *values, long rows, long columns, int elementSize) {
    switch (elementSize) {
    case 1: expand_1(out, values, rows, columns); break;
    case 2: expand_2(out, values, rows, columns); break;
    case 4: expand_4(out, values, rows, columns); break;
    default: expand_8(out, values, rows, columns);
    }
}

void apus_iota(void *out, long begin, long n, int dtype) {
    apus_kernel cast = apus_cast_kernel(APUS_INT64, dtype);
    int64_t indices[256];
    for (long i = 0; i < n; i += 256) {
        long count = n - i < 256 ? n - i : 256;
        for (long k = 0; k < count; ++k) indices[k] = begin + i + k;
        cast((char *)out + i * apus_element_sizes[dtype], indices, NULL, NULL, count);
    }
}
