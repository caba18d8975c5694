/// The windows of channels-last pictures as the rows of a matrix, so that a convolution is a product of matrices.
#include "internal.h"

/// Where tap `tap` of the window at `position` reads along one axis, or −1 in the padding.
APUS_INLINE long place(const apus_windows *w, int axis, long position, long tap) {
    long at = position * w->stride[axis] + tap * w->dilation[axis] - w->padding[axis];
    return at >= 0 && at < w->size[axis] ? at : -1;
}

void apus_gather_windows(const apus_windows *w, void *out, const void *x, long begin, long end) {
    const long pixel = w->channels * w->elementSize;
    char *to = out;
    for (long row = begin; row < end; ++row) {
        long column = row % w->positions[1];
        long line = row / w->positions[1] % w->positions[0];
        const char *picture =
            (const char *)x + row / (w->positions[0] * w->positions[1]) * w->size[0] * w->size[1] * pixel;
        for (long i = 0; i < w->kernel[0]; ++i) {
            long y = place(w, 0, line, i);
            for (long j = 0; j < w->kernel[1]; ++j, to += pixel) {
                long z = y < 0 ? -1 : place(w, 1, column, j);
                if (z < 0) {
                    memset(to, 0, (size_t)pixel);
                } else {
                    memcpy(to, picture + (y * w->size[1] + z) * pixel, (size_t)pixel);
                }
            }
        }
    }
}

/// The window along one axis of which tap `tap` reads place `at`, or −1.
APUS_INLINE long window(const apus_windows *w, int axis, long at, long tap) {
    long start = at + w->padding[axis] - tap * w->dilation[axis];
    if (start < 0 || start % w->stride[axis] != 0) return -1;
    long position = start / w->stride[axis];
    return position < w->positions[axis] ? position : -1;
}

APUS_CLONES static void add(float *restrict sum, const float *restrict x, long n) {
    APUS_VECTORIZE for (long i = 0; i < n; ++i) sum[i] += x[i];
}

void apus_sum_windows(const apus_windows *w, float *dx, const float *columns, long begin, long end) {
    const long channels = w->channels, taps = w->kernel[0] * w->kernel[1];
    memset(dx, 0, (size_t)((end - begin) * w->size[1] * channels) * sizeof(float));
    for (long line = begin; line < end; ++line) {
        long y = line % w->size[0];
        const float *picture = columns + line / w->size[0] * w->positions[0] * w->positions[1] * taps * channels;
        for (long i = 0; i < w->kernel[0]; ++i) {
            long row = window(w, 0, y, i);
            if (row < 0) continue;
            for (long x = 0; x < w->size[1]; ++x) {
                for (long j = 0; j < w->kernel[1]; ++j) {
                    long column = window(w, 1, x, j);
                    if (column < 0) continue;
                    long tap = (row * w->positions[1] + column) * taps + i * w->kernel[1] + j;
                    add(dx + ((line - begin) * w->size[1] + x) * channels, picture + tap * channels, channels);
                }
            }
        }
    }
}
