/// Maximum and average pooling and their gradients.
#include "internal.h"

enum { DEPTH, HEIGHT, WIDTH };
enum { BATCH_AXIS, CHANNEL_AXIS, DEPTH_AXIS, HEIGHT_AXIS, WIDTH_AXIS };

/// Channels that a maximum's gradient compares side by side.
enum { CHANNELS = 256 };

/// Channels that a few of them are filled up to.
enum { LANES = 16 };

/// A half-open range.
typedef struct {
    long begin, end;
} range;

/// The elements of the input that window `o` covers along an axis.
APUS_INLINE range window_range(const apus_pooling *p, int axis, long o) {
    long begin = o * p->stride[axis] - p->padding[axis], end = begin + p->window[axis];
    return (range){begin < 0 ? 0 : begin, end < p->inputSize[axis] ? end : p->inputSize[axis]};
}

/// The windows along the width whose element `k` lies inside the input.
APUS_INLINE range windows_with(const apus_pooling *p, long k) {
    long stride = p->stride[WIDTH], shift = p->padding[WIDTH] - k;
    long begin = shift > 0 ? (shift + stride - 1) / stride : 0;
    long reach = p->inputSize[WIDTH] + shift;
    long end = reach > 0 ? (reach + stride - 1) / stride : 0;
    return (range){begin, end < p->outputSize[WIDTH] ? end : p->outputSize[WIDTH]};
}

APUS_INLINE long length(range r) { return r.end > r.begin ? r.end - r.begin : 0; }

APUS_INLINE long x_offset(const apus_pooling *p, long d, long h, long w) {
    return d * p->xStrides[DEPTH_AXIS] + h * p->xStrides[HEIGHT_AXIS] + w * p->xStrides[WIDTH_AXIS];
}

APUS_INLINE long y_offset(const apus_pooling *p, long d, long h, long w) {
    return d * p->yStrides[DEPTH_AXIS] + h * p->yStrides[HEIGHT_AXIS] + w * p->yStrides[WIDTH_AXIS];
}

/// How many elements an average divides by, for the window at (…, column) that covers `covered` elements of depth ×
/// height.
APUS_INLINE long divisor(const apus_pooling *p, long covered, long column) {
    if (p->countsPadding) return p->window[DEPTH] * p->window[HEIGHT] * p->window[WIDTH];
    long count = covered * length(window_range(p, WIDTH, column));
    return count > 0 ? count : 1;
}

static bool channels_are_last(const apus_pooling *p) {
    return p->channels > 1 && p->xStrides[CHANNEL_AXIS] == 1 && p->yStrides[CHANNEL_AXIS] == 1;
}

long apus_pool_count(const apus_pooling *pooling) {
    return channels_are_last(pooling) ? pooling->batch : pooling->batch * pooling->channels;
}

#define REAL float
#define NAME(name) name##_f32
#include "pool_kernels.h"
#undef REAL
#undef NAME

#define REAL double
#define NAME(name) name##_f64
#include "pool_kernels.h"

void apus_pool(const apus_pooling *pooling, void *y, const void *x, long begin, long end) {
    (pooling->dtype == APUS_FLOAT32 ? pool_f32 : pool_f64)(pooling, y, x, begin, end);
}

void apus_pool_gradient(
    const apus_pooling *pooling, void *dx, const void *dy, const void *x, long begin, long end) {
    (pooling->dtype == APUS_FLOAT32 ? pool_gradient_f32 : pool_gradient_f64)(pooling, dx, dy, x, begin, end);
}
