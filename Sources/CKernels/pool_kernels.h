// Pooling for one type: REAL, whose functions are NAME(…). No guard: pool.c includes it once for each type.

APUS_INLINE REAL NAME(greater)(REAL x, REAL y) { return x > y || x != x ? x : y; }

/// Whether `y` takes the place of `best`: the first of equals stays, and so does the first NaN.
APUS_INLINE bool NAME(exceeds)(REAL y, REAL best) { return (best == best) & ((y > best) | (y != y)); }

// MARK: Channels last: one vector of channels after the other

APUS_CLONES static void NAME(pool_image)(const apus_pooling *p, REAL *y, const REAL *x) {
    bool maximum = p->kind == APUS_POOL_MAXIMUM;
    long channels = p->channels;
    for (long od = 0; od < p->outputSize[DEPTH]; ++od) {
        for (long oh = 0; oh < p->outputSize[HEIGHT]; ++oh) {
            for (long ow = 0; ow < p->outputSize[WIDTH]; ++ow) {
                range ds = window_range(p, DEPTH, od), hs = window_range(p, HEIGHT, oh);
                range ws = window_range(p, WIDTH, ow);
                REAL *to = y + y_offset(p, od, oh, ow);
                REAL first = maximum ? -(REAL)INFINITY : 0;
                for (long c = 0; c < channels; ++c) to[c] = first;
                for (long d = ds.begin; d < ds.end; ++d) {
                    for (long h = hs.begin; h < hs.end; ++h) {
                        for (long w = ws.begin; w < ws.end; ++w) {
                            const REAL *from = x + x_offset(p, d, h, w);
                            if (maximum) {
                                APUS_VECTORIZE for (long c = 0; c < channels; ++c) {
                                    REAL best = to[c], value = from[c];
                                    to[c] = NAME(greater)(best, value);
                                }
                            } else {
                                APUS_VECTORIZE for (long c = 0; c < channels; ++c) to[c] += from[c];
                            }
                        }
                    }
                }
                if (!maximum) {
                    REAL scale = 1 / (REAL)divisor(p, length(ds) * length(hs), ow);
                    APUS_VECTORIZE for (long c = 0; c < channels; ++c) to[c] *= scale;
                }
            }
        }
    }
}

/// The share of one window's gradient in dx, for up to CHANNELS channels of a maximum.
APUS_CLONES static void NAME(spread_maximum)(
    const apus_pooling *p, REAL *dx, const REAL *dy, const REAL *x, range ds, range hs, range ws, long channels) {
    REAL best[CHANNELS];
    int32_t place[CHANNELS];
    int32_t at = 0;
    for (long d = ds.begin; d < ds.end; ++d) {
        for (long h = hs.begin; h < hs.end; ++h) {
            for (long w = ws.begin; w < ws.end; ++w, ++at) {
                const REAL *from = x + x_offset(p, d, h, w);
                if (at == 0) {
                    memcpy(best, from, (size_t)channels * sizeof(REAL));
                    memset(place, 0, (size_t)channels * sizeof(int32_t));
                    continue;
                }
                APUS_VECTORIZE for (long c = 0; c < channels; ++c) {
                    REAL value = from[c], old = best[c];
                    bool better = NAME(exceeds)(value, old);
                    best[c] = better ? value : old;
                    place[c] = better ? at : place[c];
                }
            }
        }
    }
    at = 0;
    for (long d = ds.begin; d < ds.end; ++d) {
        for (long h = hs.begin; h < hs.end; ++h) {
            for (long w = ws.begin; w < ws.end; ++w, ++at) {
                REAL *to = dx + x_offset(p, d, h, w);
                APUS_VECTORIZE for (long c = 0; c < channels; ++c) to[c] += place[c] == at ? dy[c] : 0;
            }
        }
    }
}

APUS_CLONES static void NAME(spread_average)(
    const apus_pooling *p, REAL *dx, const REAL *dy, range ds, range hs, range ws, REAL scale) {
    for (long d = ds.begin; d < ds.end; ++d) {
        for (long h = hs.begin; h < hs.end; ++h) {
            for (long w = ws.begin; w < ws.end; ++w) {
                REAL *to = dx + x_offset(p, d, h, w);
                APUS_VECTORIZE for (long c = 0; c < p->channels; ++c) to[c] += dy[c] * scale;
            }
        }
    }
}

static void NAME(pool_gradient_image)(const apus_pooling *p, REAL *dx, const REAL *dy, const REAL *x) {
    for (long od = 0; od < p->outputSize[DEPTH]; ++od) {
        for (long oh = 0; oh < p->outputSize[HEIGHT]; ++oh) {
            for (long ow = 0; ow < p->outputSize[WIDTH]; ++ow) {
                range ds = window_range(p, DEPTH, od), hs = window_range(p, HEIGHT, oh);
                range ws = window_range(p, WIDTH, ow);
                const REAL *from = dy + y_offset(p, od, oh, ow);
                if (p->kind == APUS_POOL_AVERAGE) {
                    REAL scale = 1 / (REAL)divisor(p, length(ds) * length(hs), ow);
                    NAME(spread_average)(p, dx, from, ds, hs, ws, scale);
                    continue;
                }
                for (long c = 0; c < p->channels; c += CHANNELS) {
                    long channels = p->channels - c < CHANNELS ? p->channels - c : CHANNELS;
                    NAME(spread_maximum)(p, dx + c, from + c, x + c, ds, hs, ws, channels);
                }
            }
        }
    }
}

// MARK: Channels last, a few of them, averaged over windows side by side. LANES channels are taken at a time, whatever follows a
// window's own: what is written too much is written over by the next window, and the last windows of a row are taken exactly.

/// Whether windows neither overlap nor reach over an edge, and fewer channels than LANES lie next to each other.
static bool NAME(is_tiled)(const apus_pooling *p) {
    for (int axis = 0; axis < 3; ++axis) {
        bool fits = p->outputSize[axis] * p->window[axis] <= p->inputSize[axis];
        if (p->window[axis] != p->stride[axis] || p->padding[axis] != 0 || !fits) return false;
    }
    return p->kind == APUS_POOL_AVERAGE && p->channels <= LANES && p->xStrides[WIDTH_AXIS] == p->channels &&
        p->yStrides[WIDTH_AXIS] == p->channels;
}

/// Windows of a row that may be taken LANES at a time.
static long NAME(roomy_windows)(const apus_pooling *p) {
    long roomy = p->outputSize[WIDTH] - (LANES + p->channels - 1) / p->channels + 1;
    return roomy > 0 ? roomy : 0;
}

/// The averages of one window, of `lanes` channels.
APUS_INLINE void NAME(average_window)(const apus_pooling *p, REAL *y, const REAL *x, REAL scale, long lanes) {
    REAL sums[LANES] = {0};
    for (long d = 0; d < p->window[DEPTH]; ++d) {
        for (long h = 0; h < p->window[HEIGHT]; ++h) {
            const REAL *from = x + x_offset(p, d, h, 0);
            for (long w = 0; w < p->window[WIDTH]; ++w, from += p->channels) {
                for (long c = 0; c < lanes; ++c) sums[c] += from[c];
            }
        }
    }
    for (long c = 0; c < lanes; ++c) y[c] = sums[c] * scale;
}

APUS_CLONES static void NAME(average_tiles)(const apus_pooling *p, REAL *y, const REAL *x) {
    REAL scale = 1 / (REAL)(p->window[DEPTH] * p->window[HEIGHT] * p->window[WIDTH]);
    long roomy = NAME(roomy_windows)(p), step = p->window[WIDTH] * p->channels;
    for (long od = 0; od < p->outputSize[DEPTH]; ++od) {
        for (long oh = 0; oh < p->outputSize[HEIGHT]; ++oh) {
            const REAL *from = x + x_offset(p, od * p->window[DEPTH], oh * p->window[HEIGHT], 0);
            REAL *to = y + y_offset(p, od, oh, 0);
            for (long ow = 0; ow < p->outputSize[WIDTH]; ++ow, from += step, to += p->channels) {
                if (ow < roomy) {
                    NAME(average_window)(p, to, from, scale, LANES);
                } else {
                    NAME(average_window)(p, to, from, scale, p->channels);
                }
            }
        }
    }
}

/// One row of dx: each window's gradient, scaled, at every element of its width.
APUS_INLINE void NAME(spread_row)(const apus_pooling *p, REAL *dx, const REAL *dy, REAL scale) {
    long roomy = NAME(roomy_windows)(p), channels = p->channels;
    for (long ow = 0; ow < p->outputSize[WIDTH]; ++ow, dy += channels) {
        for (long w = 0; w < p->window[WIDTH]; ++w, dx += channels) {
            if (ow < roomy) {
                for (long c = 0; c < LANES; ++c) dx[c] = dy[c] * scale;
            } else {
                for (long c = 0; c < channels; ++c) dx[c] = dy[c] * scale;
            }
        }
    }
}

APUS_CLONES static void NAME(spread_tiles)(const apus_pooling *p, REAL *dx, const REAL *dy) {
    REAL scale = 1 / (REAL)(p->window[DEPTH] * p->window[HEIGHT] * p->window[WIDTH]);
    size_t rowSize = (size_t)(p->inputSize[WIDTH] * p->channels) * sizeof(REAL);
    long covered = p->outputSize[WIDTH] * p->window[WIDTH] * p->channels;
    for (long d = 0; d < p->inputSize[DEPTH]; ++d) {
        for (long h = 0; h < p->inputSize[HEIGHT]; ++h) {
            REAL *row = dx + x_offset(p, d, h, 0);
            long od = d / p->window[DEPTH], oh = h / p->window[HEIGHT];
            if (od >= p->outputSize[DEPTH] || oh >= p->outputSize[HEIGHT]) {
                memset(row, 0, rowSize);
            } else if (h % p->window[HEIGHT] > 0) {
                memcpy(row, dx + x_offset(p, d, h - 1, 0), rowSize);
            } else {
                NAME(spread_row)(p, row, dy + y_offset(p, od, oh, 0), scale);
                memset(row + covered, 0, rowSize - (size_t)covered * sizeof(REAL));
            }
        }
    }
}

// MARK: One channel: whole rows of windows, an element of the window after the other

/// y[i · yStride] = y[i · yStride] ∘ x[i · step]
APUS_INLINE void NAME(pool_step)(REAL *y, long yStride, const REAL *x, long step, long n, bool maximum) {
    if (maximum) {
        APUS_VECTORIZE for (long i = 0; i < n; ++i) {
            REAL best = y[i * yStride], value = x[i * step];
            y[i * yStride] = NAME(greater)(best, value);
        }
    } else {
        APUS_VECTORIZE for (long i = 0; i < n; ++i) y[i * yStride] += x[i * step];
    }
}

/// The most common windows: 2 × 2 elements side by side, each in one window.
static bool NAME(halves)(const apus_pooling *p) {
    return p->xStrides[WIDTH_AXIS] == 1 && p->yStrides[WIDTH_AXIS] == 1 && p->window[DEPTH] == 1 &&
        p->stride[DEPTH] == 1 && p->window[HEIGHT] == 2 && p->stride[HEIGHT] == 2 && p->window[WIDTH] == 2 &&
        p->stride[WIDTH] == 2 && p->padding[DEPTH] == 0 && p->padding[HEIGHT] == 0 && p->padding[WIDTH] == 0 &&
        p->outputSize[HEIGHT] * 2 <= p->inputSize[HEIGHT] && p->outputSize[WIDTH] * 2 <= p->inputSize[WIDTH];
}

APUS_CLONES static void NAME(halve_row)(REAL *y, const REAL *x, const REAL *below, long columns, bool maximum) {
    if (maximum) {
        APUS_VECTORIZE for (long i = 0; i < columns; ++i) {
            REAL a = x[2 * i], b = x[2 * i + 1], c = below[2 * i], d = below[2 * i + 1];
            REAL upper = NAME(greater)(a, b), lower = NAME(greater)(c, d);
            y[i] = NAME(greater)(upper, lower);
        }
    } else {
        APUS_VECTORIZE for (long i = 0; i < columns; ++i) {
            y[i] = ((x[2 * i] + x[2 * i + 1]) + (below[2 * i] + below[2 * i + 1])) * (REAL)0.25;
        }
    }
}

APUS_CLONES static void NAME(pool_plane)(const apus_pooling *p, REAL *y, const REAL *x) {
    bool maximum = p->kind == APUS_POOL_MAXIMUM;
    long xStride = p->xStrides[WIDTH_AXIS], yStride = p->yStrides[WIDTH_AXIS], step = p->stride[WIDTH] * xStride;
    long columns = p->outputSize[WIDTH];
    bool halves = NAME(halves)(p);
    for (long od = 0; od < p->outputSize[DEPTH]; ++od) {
        for (long oh = 0; oh < p->outputSize[HEIGHT]; ++oh) {
            range ds = window_range(p, DEPTH, od), hs = window_range(p, HEIGHT, oh);
            REAL *to = y + od * p->yStrides[DEPTH_AXIS] + oh * p->yStrides[HEIGHT_AXIS];
            if (halves) {
                const REAL *from = x + od * p->xStrides[DEPTH_AXIS] + 2 * oh * p->xStrides[HEIGHT_AXIS];
                NAME(halve_row)(to, from, from + p->xStrides[HEIGHT_AXIS], columns, maximum);
                continue;
            }
            REAL first = maximum ? -(REAL)INFINITY : 0;
            for (long i = 0; i < columns; ++i) to[i * yStride] = first;
            for (long d = ds.begin; d < ds.end; ++d) {
                for (long h = hs.begin; h < hs.end; ++h) {
                    const REAL *row = x + d * p->xStrides[DEPTH_AXIS] + h * p->xStrides[HEIGHT_AXIS];
                    for (long k = 0; k < p->window[WIDTH]; ++k) {
                        range os = windows_with(p, k);
                        const REAL *from = row + (os.begin * p->stride[WIDTH] + k - p->padding[WIDTH]) * xStride;
                        REAL *start = to + os.begin * yStride;
                        // Steps that the compiler knows become vector loads.
                        if (yStride == 1 && step == 1) {
                            NAME(pool_step)(start, 1, from, 1, length(os), maximum);
                        } else if (yStride == 1 && step == 2) {
                            NAME(pool_step)(start, 1, from, 2, length(os), maximum);
                        } else {
                            NAME(pool_step)(start, yStride, from, step, length(os), maximum);
                        }
                    }
                }
            }
            if (!maximum) {
                long covered = length(ds) * length(hs);
                for (long i = 0; i < columns; ++i) to[i * yStride] /= (REAL)divisor(p, covered, i);
            }
        }
    }
}

/// The gradient of `halve_row`'s maximum.
APUS_CLONES static void NAME(halve_gradient)(
    REAL *dx, long dxRow, const REAL *dy, const REAL *x, long columns) {
    REAL *nextRow = dx + dxRow;
    const REAL *below = x + dxRow;
    APUS_VECTORIZE for (long i = 0; i < columns; ++i) {
        REAL a = x[2 * i], b = x[2 * i + 1], c = below[2 * i], d = below[2 * i + 1], g = dy[i];
        bool second = NAME(exceeds)(b, a);
        REAL best = second ? b : a;
        bool third = NAME(exceeds)(c, best);
        best = third ? c : best;
        bool fourth = NAME(exceeds)(d, best);
        dx[2 * i] = (second | third | fourth) ? 0 : g;
        dx[2 * i + 1] = (second & !third & !fourth) ? g : 0;
        nextRow[2 * i] = (third & !fourth) ? g : 0;
        nextRow[2 * i + 1] = fourth ? g : 0;
    }
}

static void NAME(spread_window_maximum)(
    const apus_pooling *p, REAL *dx, REAL gradient, const REAL *x, range ds, range hs, range ws) {
    long place = -1;
    REAL best = 0;
    for (long d = ds.begin; d < ds.end; ++d) {
        for (long h = hs.begin; h < hs.end; ++h) {
            for (long w = ws.begin; w < ws.end; ++w) {
                long at = x_offset(p, d, h, w);
                if (place >= 0 && !NAME(exceeds)(x[at], best)) continue;
                best = x[at];
                place = at;
            }
        }
    }
    if (place >= 0) dx[place] += gradient;
}

static void NAME(maximum_gradient_plane)(const apus_pooling *p, REAL *dx, const REAL *dy, const REAL *x) {
    bool halves = NAME(halves)(p);
    for (long od = 0; od < p->outputSize[DEPTH]; ++od) {
        for (long oh = 0; oh < p->outputSize[HEIGHT]; ++oh) {
            range ds = window_range(p, DEPTH, od), hs = window_range(p, HEIGHT, oh);
            const REAL *from = dy + od * p->yStrides[DEPTH_AXIS] + oh * p->yStrides[HEIGHT_AXIS];
            if (halves) {
                long row = od * p->xStrides[DEPTH_AXIS] + 2 * oh * p->xStrides[HEIGHT_AXIS];
                NAME(halve_gradient)(dx + row, p->xStrides[HEIGHT_AXIS], from, x + row, p->outputSize[WIDTH]);
                continue;
            }
            for (long ow = 0; ow < p->outputSize[WIDTH]; ++ow) {
                range ws = window_range(p, WIDTH, ow);
                NAME(spread_window_maximum)(p, dx, from[ow * p->yStrides[WIDTH_AXIS]], x, ds, hs, ws);
            }
        }
    }
}

APUS_CLONES static void NAME(average_gradient_plane)(const apus_pooling *p, REAL *dx, const REAL *dy) {
    long xStride = p->xStrides[WIDTH_AXIS], yStride = p->yStrides[WIDTH_AXIS], step = p->stride[WIDTH] * xStride;
    for (long od = 0; od < p->outputSize[DEPTH]; ++od) {
        for (long oh = 0; oh < p->outputSize[HEIGHT]; ++oh) {
            range ds = window_range(p, DEPTH, od), hs = window_range(p, HEIGHT, oh);
            const REAL *from = dy + od * p->yStrides[DEPTH_AXIS] + oh * p->yStrides[HEIGHT_AXIS];
            long covered = length(ds) * length(hs);
            for (long d = ds.begin; d < ds.end; ++d) {
                for (long h = hs.begin; h < hs.end; ++h) {
                    REAL *row = dx + d * p->xStrides[DEPTH_AXIS] + h * p->xStrides[HEIGHT_AXIS];
                    for (long k = 0; k < p->window[WIDTH]; ++k) {
                        range os = windows_with(p, k);
                        REAL *to = row + (k - p->padding[WIDTH]) * xStride;
                        APUS_VECTORIZE for (long i = os.begin; i < os.end; ++i) {
                            to[i * step] += from[i * yStride] / (REAL)divisor(p, covered, i);
                        }
                    }
                }
            }
        }
    }
}

// MARK: All

static void NAME(clear)(const apus_pooling *p, REAL *dx, long channels) {
    for (long d = 0; d < p->inputSize[DEPTH]; ++d) {
        for (long h = 0; h < p->inputSize[HEIGHT]; ++h) {
            REAL *row = dx + d * p->xStrides[DEPTH_AXIS] + h * p->xStrides[HEIGHT_AXIS];
            for (long w = 0; w < p->inputSize[WIDTH]; ++w) {
                for (long c = 0; c < channels; ++c) row[w * p->xStrides[WIDTH_AXIS] + c] = 0;
            }
        }
    }
}

static void NAME(pool)(const apus_pooling *p, void *y, const void *x, long begin, long end) {
    bool together = channels_are_last(p), tiled = together && NAME(is_tiled)(p);
    for (long at = begin; at < end; ++at) {
        long n = together ? at : at / p->channels, c = together ? 0 : at % p->channels;
        REAL *to = (REAL *)y + n * p->yStrides[BATCH_AXIS] + c * p->yStrides[CHANNEL_AXIS];
        const REAL *from = (const REAL *)x + n * p->xStrides[BATCH_AXIS] + c * p->xStrides[CHANNEL_AXIS];
        (tiled ? NAME(average_tiles) : together ? NAME(pool_image) : NAME(pool_plane))(p, to, from);
    }
}

static void NAME(pool_gradient)(
    const apus_pooling *p, void *dx, const void *dy, const void *x, long begin, long end) {
    bool together = channels_are_last(p), tiled = together && NAME(is_tiled)(p);
    for (long at = begin; at < end; ++at) {
        long n = together ? at : at / p->channels, c = together ? 0 : at % p->channels;
        long place = n * p->xStrides[BATCH_AXIS] + c * p->xStrides[CHANNEL_AXIS];
        REAL *to = (REAL *)dx + place;
        const REAL *gradient = (const REAL *)dy + n * p->yStrides[BATCH_AXIS] + c * p->yStrides[CHANNEL_AXIS];
        const REAL *values = x == NULL ? NULL : (const REAL *)x + place;
        if (tiled) {
            NAME(spread_tiles)(p, to, gradient);
            continue;
        }
        NAME(clear)(p, to, together ? p->channels : 1);
        if (together) {
            NAME(pool_gradient_image)(p, to, gradient, values);
        } else if (p->kind == APUS_POOL_MAXIMUM) {
            NAME(maximum_gradient_plane)(p, to, gradient, values);
        } else {
            NAME(average_gradient_plane)(p, to, gradient);
        }
    }
}
