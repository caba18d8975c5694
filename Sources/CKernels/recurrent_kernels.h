// Recurrent sequences for one element type and one level of x86-64: recurrent.c includes this with
//   NAME(x)             x's name for this type and level
//   LEVEL               the attributes of every function
//   ELEMENT, LANES      the type, and how many are in a vector register
//   TILE_ROWS           rows of a product's tile, so that TILE_ROWS × 4 vectors of sums stay in registers
//   SIGMOID(x), TANH(x)
//
// The weights lie in panels of up to 4 · LANES columns, [panel, row, column], so that a product streams through them. Forward, the
// columns of a panel are all gates of the same few units: the cell follows while their sums are in the first-level cache.

typedef ELEMENT NAME(vector) __attribute__((vector_size(LANES * sizeof(ELEMENT)), aligned(sizeof(ELEMENT))));

// MARK: Products

/// `sums[rows, vectors · LANES] += x[rows, depth] · panel[depth, vectors · LANES]`
LEVEL APUS_INLINE void NAME(tile)(
    ELEMENT *restrict sums, const ELEMENT *restrict x, long xRow, const ELEMENT *restrict panel, long depth, int rows,
    int vectors) {
    long width = vectors * LANES;
    NAME(vector) s[TILE_ROWS][4], weights[4];
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vectors; ++v) s[r][v] = *(const NAME(vector) *)(sums + r * width + v * LANES);
    for (long k = 0; k < depth; ++k) {
        for (int v = 0; v < vectors; ++v) weights[v] = *(const NAME(vector) *)(panel + k * width + v * LANES);
        for (int r = 0; r < rows; ++r)
            for (int v = 0; v < vectors; ++v) s[r][v] += x[r * xRow + k] * weights[v];
    }
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vectors; ++v) *(NAME(vector) *)(sums + r * width + v * LANES) = s[r][v];
}

/// The same for any number of rows.
LEVEL APUS_INLINE void NAME(tiles)(
    ELEMENT *sums, const ELEMENT *x, long xRow, const ELEMENT *panel, long depth, long rows, int vectors) {
    long row = 0, width = vectors * LANES;
#define APUS_TILE(count)                                                                         \
    for (; rows - row >= count; row += count)                                                    \
        NAME(tile)(sums + row * width, x + row * xRow, xRow, panel, depth, count, vectors);
    APUS_TILE(TILE_ROWS)
#if TILE_ROWS > 4
    APUS_TILE(4)
#endif
#if TILE_ROWS > 2
    APUS_TILE(2)
#endif
    APUS_TILE(1)
#undef APUS_TILE
}

/// `sums[rows, width] = x[rows, depth] · panel[depth, width]`, some rows of the panel at a time: they stay in the first-level
/// cache for all rows of x.
LEVEL static void NAME(multiply)(
    ELEMENT *sums, const ELEMENT *x, long xRow, const ELEMENT *panel, long depth, long rows, long width) {
    memset(sums, 0, rows * width * sizeof(ELEMENT));
    for (long k = 0; k < depth; k += DEPTH) {
        long count = depth - k < DEPTH ? depth - k : DEPTH;
        if (width == 4 * LANES) {
            NAME(tiles)(sums, x + k, xRow, panel + k * width, count, rows, 4);
        } else {
            NAME(tiles)(sums, x + k, xRow, panel + k * width, count, rows, 3);
        }
    }
}

// MARK: Panels

/// Units of a forward panel: its columns are these units' gates.
static long NAME(panel_units)(const apus_recurrence *r) { return r->cell <= APUS_RNN_RELU ? 4 * LANES : LANES; }

static long NAME(panel_count)(const apus_recurrence *r, int backward) {
    long units = backward ? 4 * LANES : NAME(panel_units)(r);
    return (r->hidden + units - 1) / units;
}

static long NAME(packed_count)(const apus_recurrence *r, int backward) {
    long hidden = r->hidden, gates = gate_count(r);
    return NAME(panel_count)(r, backward)
        * (backward ? gates * hidden * 4 * LANES : hidden * gates * NAME(panel_units)(r));
}

/// `packed[panel, k, gate, unit] = weight[gate, unit, k]`, zeros for units that there are not.
LEVEL static void NAME(pack)(const apus_recurrence *r, void *packed, const void *weight, long begin, long end) {
    long hidden = r->hidden, gates = gate_count(r), units = NAME(panel_units)(r), width = gates * units;
    for (long panel = begin; panel < end; ++panel) {
        ELEMENT *out = (ELEMENT *)packed + panel * hidden * width;
        for (long column = 0; column < width; ++column) {
            long unit = panel * units + column % units;
            const ELEMENT *row = (const ELEMENT *)weight + (column / units * hidden + unit) * hidden;
            for (long k = 0; k < hidden; ++k) out[k * width + column] = unit < hidden ? row[k] : 0;
        }
    }
}

/// `packed[panel, gate and unit, k] = weight[gate, unit, k]`, zeros for k that there are not.
LEVEL static void NAME(pack_backward)(const apus_recurrence *r, void *packed, const void *weight, long begin, long end) {
    long hidden = r->hidden, rows = gate_count(r) * hidden, width = 4 * LANES;
    for (long panel = begin; panel < end; ++panel) {
        ELEMENT *out = (ELEMENT *)packed + panel * rows * width;
        const ELEMENT *from = (const ELEMENT *)weight + panel * width;
        long count = hidden - panel * width < width ? hidden - panel * width : width;
        for (long row = 0; row < rows; ++row) {
            memcpy(out + row * width, from + row * hidden, count * sizeof(ELEMENT));
            memset(out + row * width + count, 0, (width - count) * sizeof(ELEMENT));
        }
    }
}

// MARK: Cells: n units of one row. Gates of the sums are `units` apart, those of projections and biases `hidden`, those of the
// result `slab`.

LEVEL APUS_INLINE void NAME(lstm_cell)(
    long n, const ELEMENT *sums, long units, const ELEMENT *projected, const ELEMENT *bias, long hidden,
    const ELEMENT *previousCell, ELEMENT *cell, ELEMENT *output, ELEMENT *gates, long slab) {
    LANEWISE for (long u = 0; u < n; ++u) {
        ELEMENT i = SIGMOID(projected[u] + bias[u] + sums[u]);
        ELEMENT f = SIGMOID(projected[hidden + u] + bias[hidden + u] + sums[units + u]);
        ELEMENT g = TANH(projected[2 * hidden + u] + bias[2 * hidden + u] + sums[2 * units + u]);
        ELEMENT o = SIGMOID(projected[3 * hidden + u] + bias[3 * hidden + u] + sums[3 * units + u]);
        ELEMENT c = f * previousCell[u] + i * g;
        cell[u] = c;
        output[u] = o * TANH(c);
        gates[u] = i;
        gates[slab + u] = f;
        gates[2 * slab + u] = g;
        gates[3 * slab + u] = o;
    }
}

LEVEL APUS_INLINE void NAME(gru_cell)(
    long n, const ELEMENT *sums, long units, const ELEMENT *projected, const ELEMENT *bias, long hidden,
    const ELEMENT *previous, ELEMENT *output, ELEMENT *gates, long slab) {
    LANEWISE for (long u = 0; u < n; ++u) {
        ELEMENT r = SIGMOID(projected[u] + bias[u] + sums[u]);
        ELEMENT z = SIGMOID(projected[hidden + u] + bias[hidden + u] + sums[units + u]);
        ELEMENT inner = bias[2 * hidden + u] + sums[2 * units + u];
        ELEMENT candidate = TANH(projected[2 * hidden + u] + r * inner);
        output[u] = candidate + z * (previous[u] - candidate);
        gates[u] = r;
        gates[slab + u] = z;
        gates[2 * slab + u] = candidate;
        gates[3 * slab + u] = inner;
    }
}

LEVEL APUS_INLINE void NAME(rnn_cell)(
    long n, const ELEMENT *sums, const ELEMENT *projected, const ELEMENT *bias, int isReLU, ELEMENT *output) {
    if (isReLU) {
        LANEWISE for (long u = 0; u < n; ++u) {
            ELEMENT sum = projected[u] + bias[u] + sums[u];
            output[u] = sum < 0 ? 0 : sum;
        }
    } else {
        LANEWISE for (long u = 0; u < n; ++u) output[u] = TANH(projected[u] + bias[u] + sums[u]);
    }
}

// MARK: Forward

/// One step of up to ROWS rows, for the units of some panels.
LEVEL static void NAME(run_block)(
    const apus_recurrence *r, const sequence *s, const ELEMENT *projected, const ELEMENT *packed, const ELEMENT *bias,
    long t, long first, long rows, apus_range panels) {
    long hidden = r->hidden, step = r->batch * hidden, slab = r->steps * step;
    long units = NAME(panel_units)(r), width = gate_count(r) * units;
    ELEMENT *cells = s->cells, *states = s->hidden, *gates = s->gates;
    ELEMENT sums[ROWS * 4 * LANES];
    for (long panel = panels.begin; panel < panels.end; ++panel) {
        const ELEMENT *weights = packed + panel * hidden * width;
        NAME(multiply)(sums, states + t * step + first * hidden, hidden, weights, hidden, rows, width);
        long unit = panel * units, n = hidden - unit < units ? hidden - unit : units;
        for (long row = 0; row < rows; ++row) {
            const ELEMENT *p = projected + t * r->projectedStrides[0] + (first + row) * r->projectedStrides[1] + unit;
            const ELEMENT *sum = sums + row * width, *b = bias + unit;
            long now = t * step + (first + row) * hidden + unit, next = now + step;
            switch (r->cell) {
            case APUS_LSTM:
                NAME(lstm_cell)(
                    n, sum, units, p, b, hidden, cells + now, cells + next, states + next, gates + now, slab);
                break;
            case APUS_GRU:
                NAME(gru_cell)(n, sum, units, p, b, hidden, states + now, states + next, gates + now, slab);
                break;
            default: NAME(rnn_cell)(n, sum, p, b, r->cell == APUS_RNN_RELU, states + next);
            }
        }
    }
}

static void NAME(run)(
    const apus_recurrence *r, const sequence *s, const void *projected, const void *packed, const void *bias,
    const apus_recurrence_part *part) {
    for (long row = part->rows.begin; row < part->rows.end; row += ROWS) {
        long rows = part->rows.end - row < ROWS ? part->rows.end - row : ROWS;
        for (long t = part->steps.begin; t < part->steps.end; ++t)
            NAME(run_block)(r, s, projected, packed, bias, t, row, rows, part->panels);
    }
}

// MARK: Backward: n units of one row, gates `hidden` apart in the gradients. `carry` holds ∂h from the step behind and receives what of
// it passes the weights by.

LEVEL static void NAME(lstm_gradient)(
    long n, long hidden, const ELEMENT *gates, long slab, const ELEMENT *cell, const ELEMENT *previousCell,
    const ELEMENT *gradient, ELEMENT *carry, ELEMENT *cellCarry, ELEMENT *out) {
    LANEWISE for (long u = 0; u < n; ++u) {
        ELEMENT i = gates[u], f = gates[slab + u], g = gates[2 * slab + u], o = gates[3 * slab + u];
        ELEMENT dh = gradient[u] + carry[u], tanhCell = TANH(cell[u]);
        ELEMENT dc = cellCarry[u] + dh * o * (1 - tanhCell * tanhCell);
        out[u] = dc * g * i * (1 - i);
        out[hidden + u] = dc * previousCell[u] * f * (1 - f);
        out[2 * hidden + u] = dc * i * (1 - g * g);
        out[3 * hidden + u] = dh * tanhCell * o * (1 - o);
        cellCarry[u] = dc * f;
        carry[u] = 0;
    }
}

/// `out` receives the gradient of the inputs' part of the gates, `recurrent` that of the hidden state's.
LEVEL static void NAME(gru_gradient)(
    long n, long hidden, const ELEMENT *gates, long slab, const ELEMENT *previous, const ELEMENT *gradient,
    ELEMENT *carry, ELEMENT *out, ELEMENT *recurrent) {
    LANEWISE for (long u = 0; u < n; ++u) {
        ELEMENT r = gates[u], z = gates[slab + u], candidate = gates[2 * slab + u], inner = gates[3 * slab + u];
        ELEMENT dh = gradient[u] + carry[u];
        ELEMENT dCandidate = dh * (1 - z) * (1 - candidate * candidate);
        ELEMENT dr = dCandidate * inner * r * (1 - r), dz = dh * (previous[u] - candidate) * z * (1 - z);
        out[u] = dr;
        out[hidden + u] = dz;
        out[2 * hidden + u] = dCandidate;
        recurrent[u] = dr;
        recurrent[hidden + u] = dz;
        recurrent[2 * hidden + u] = dCandidate * r;
        carry[u] = dh * z;
    }
}

LEVEL static void NAME(rnn_gradient)(
    long n, const ELEMENT *output, const ELEMENT *gradient, int isReLU, ELEMENT *carry, ELEMENT *out) {
    LANEWISE for (long u = 0; u < n; ++u) {
        ELEMENT h = output[u], dh = gradient[u] + carry[u];
        out[u] = isReLU ? (h > 0 ? dh : 0) : dh * (1 - h * h);
        carry[u] = 0;
    }
}

/// The parts of the gradient's result.
typedef struct {
    ELEMENT *projected, *recurrent, *carry, *cellCarry;
} NAME(gradients);

static NAME(gradients) NAME(gradients_of)(const apus_recurrence *r, void *out) {
    long states = r->batch * r->hidden, lines = r->steps * states * gate_count(r);
    ELEMENT *recurrent = (ELEMENT *)out + (r->cell == APUS_GRU ? lines : 0);
    return (NAME(gradients)){out, recurrent, recurrent + lines, recurrent + lines + states};
}

/// `carry += ∂gates · weights` for the units of some panels: ∂h of step t, from the gates' gradients of the step behind.
LEVEL static void NAME(carry_back)(
    const apus_recurrence *r, const NAME(gradients) *g, const ELEMENT *packed, long t, long first, long rows,
    apus_range panels) {
    long hidden = r->hidden, width = 4 * LANES, depth = gate_count(r) * hidden;
    const ELEMENT *lines = g->recurrent + ((t + 1) * r->batch + first) * depth;
    ELEMENT sums[ROWS * 4 * LANES];
    for (long panel = panels.begin; panel < panels.end; ++panel) {
        NAME(multiply)(sums, lines, depth, packed + panel * width * depth, depth, rows, width);
        long column = panel * width, n = hidden - column < width ? hidden - column : width;
        for (long row = 0; row < rows; ++row) {
            ELEMENT *target = g->carry + (first + row) * hidden + column;
            const ELEMENT *sum = sums + row * width;
            LANEWISE for (long i = 0; i < n; ++i) target[i] += sum[i];
        }
    }
}

/// The gates' gradients of step t for n units of one row.
LEVEL static void NAME(gate_gradients)(
    const apus_recurrence *r, const sequence *s, const NAME(gradients) *g, const ELEMENT *gradient, long t, long row,
    long unit, long n) {
    long hidden = r->hidden, step = r->batch * hidden, slab = r->steps * step;
    const ELEMENT *cells = s->cells, *states = s->hidden, *gates = s->gates;
    const ELEMENT *dh = gradient + t * r->gradientStrides[0] + row * r->gradientStrides[1] + unit;
    long here = row * hidden + unit, now = t * step + here, next = now + step;
    long line = (t * r->batch + row) * gate_count(r) * hidden + unit;
    switch (r->cell) {
    case APUS_LSTM:
        NAME(lstm_gradient)(
            n, hidden, gates + now, slab, cells + next, cells + now, dh, g->carry + here, g->cellCarry + here,
            g->projected + line);
        break;
    case APUS_GRU:
        NAME(gru_gradient)(
            n, hidden, gates + now, slab, states + now, dh, g->carry + here, g->projected + line, g->recurrent + line);
        break;
    default:
        NAME(rnn_gradient)(n, states + next, dh, r->cell == APUS_RNN_RELU, g->carry + here, g->projected + line);
    }
}

/// One step of up to ROWS rows, for the units of some panels. Step −1 is the state at first, which has no gates.
LEVEL static void NAME(gradient_block)(
    const apus_recurrence *r, const sequence *s, const NAME(gradients) *g, const ELEMENT *gradient,
    const ELEMENT *cellGradient, const ELEMENT *packed, long t, long first, long rows, apus_range panels) {
    long unit = panels.begin * 4 * LANES, end = panels.end * 4 * LANES < r->hidden ? panels.end * 4 * LANES : r->hidden;
    if (t < r->steps - 1) NAME(carry_back)(r, g, packed, t, first, rows, panels);
    for (long row = first; row < first + rows; ++row) {
        long here = row * r->hidden + unit;
        size_t size = (size_t)(end - unit) * sizeof(ELEMENT);
        if (t == r->steps - 1) {
            memset(g->carry + here, 0, size);
            if (r->cell == APUS_LSTM) memcpy(g->cellCarry + here, cellGradient + here, size);
        }
        if (t >= 0) NAME(gate_gradients)(r, s, g, gradient, t, row, unit, end - unit);
    }
}

static void NAME(gradient)(
    const apus_recurrence *r, const sequence *s, void *out, const void *gradient, const void *cellGradient,
    const void *packed, const apus_recurrence_part *part) {
    NAME(gradients) g = NAME(gradients_of)(r, out);
    for (long row = part->rows.begin; row < part->rows.end; row += ROWS) {
        long rows = part->rows.end - row < ROWS ? part->rows.end - row : ROWS;
        for (long t = part->steps.end - 1; t >= part->steps.begin; --t)
            NAME(gradient_block)(r, s, &g, gradient, cellGradient, packed, t, row, rows, part->panels);
    }
}
