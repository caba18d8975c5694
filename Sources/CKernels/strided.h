/// Strided views: merging their axes and going through their rows.
#pragma once

#include "internal.h"

/// A view with the axes merged that lie as one, and those of extent 1 left out. Rank at least 1.
typedef struct {
    long shape[APUS_MAXIMUM_RANK], strides[APUS_MAXIMUM_RANK];
    int rank;
} view;

static inline view merged_view(const long *shape, const long *strides, int rank) {
    view v;
    v.rank = 0;
    for (int axis = 0; axis < rank; ++axis) {
        if (shape[axis] == 1) continue;
        int last = v.rank - 1;
        if (last >= 0 && v.strides[last] == strides[axis] * shape[axis]) {
            v.shape[last] *= shape[axis];
            v.strides[last] = strides[axis];
        } else {
            v.shape[v.rank] = shape[axis];
            v.strides[v.rank] = strides[axis];
            v.rank += 1;
        }
    }
    if (v.rank == 0) {
        v.shape[0] = 1;
        v.strides[0] = 1;
        v.rank = 1;
    }
    return v;
}

/// Goes through the rows (all but the last axis) of a view in order.
typedef struct {
    long index[APUS_MAXIMUM_RANK];
    long offset;
} row_cursor;

static inline row_cursor cursor_at(const view *v, long row) {
    row_cursor cursor = {.offset = 0};
    for (int axis = v->rank - 2; axis >= 0; --axis) {
        cursor.index[axis] = row % v->shape[axis];
        row /= v->shape[axis];
        cursor.offset += cursor.index[axis] * v->strides[axis];
    }
    return cursor;
}

APUS_INLINE void advance(row_cursor *cursor, const view *v) {
    for (int axis = v->rank - 2; axis >= 0; --axis) {
        cursor->offset += v->strides[axis];
        if (++cursor->index[axis] < v->shape[axis]) return;
        cursor->offset -= v->strides[axis] * v->shape[axis];
        cursor->index[axis] = 0;
    }
}
