/// Attention of one head, compiled by attention.c for each floating type and each level of x86-64.
///
/// Before it is included: REAL (float or double), EXP (its exponential), NAME(x) (x with a suffix of its own), TARGET
/// (attributes of the level), VECTOR_BYTES, TILE_ROWS and TILE_VECTORS (the part of a product held in registers).
///
/// A product takes its left side as it lies and its right side in *panels*: PANEL columns next to each other, row
/// after row, the last panel filled up with zeros. A block of queries sees all of its keys at once, so a row of
/// weights is whole when it is normalized, and nothing but the results outlives the block.

typedef REAL NAME(vector) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL))));

#define LANES ((long)(VECTOR_BYTES / sizeof(REAL)))
#define PANEL (LANES * TILE_VECTORS)

// MARK: Products

/// c (TILE_ROWS × PANEL) = a b, or += where `adds`: a by its strides, b a panel of `depth` rows.
TARGET APUS_INLINE void NAME(tile)(
    REAL *c, long cRow, const REAL *a, long aRow, long aColumn, const REAL *b, long depth, bool adds)
{
    NAME(vector) sums[TILE_ROWS][TILE_VECTORS];
    _Pragma("unroll") for (int r = 0; r < TILE_ROWS; ++r)
        _Pragma("unroll") for (int v = 0; v < TILE_VECTORS; ++v)
            sums[r][v] = adds ? *(const NAME(vector) *)(c + r * cRow + v * LANES) : (NAME(vector)){0};
    for (long p = 0; p < depth; ++p) {
        NAME(vector) right[TILE_VECTORS];
        _Pragma("unroll") for (int v = 0; v < TILE_VECTORS; ++v)
            right[v] = *(const NAME(vector) *)(b + p * PANEL + v * LANES);
        _Pragma("unroll") for (int r = 0; r < TILE_ROWS; ++r)
            _Pragma("unroll") for (int v = 0; v < TILE_VECTORS; ++v)
                sums[r][v] += a[r * aRow + p * aColumn] * right[v];
    }
    _Pragma("unroll") for (int r = 0; r < TILE_ROWS; ++r)
        _Pragma("unroll") for (int v = 0; v < TILE_VECTORS; ++v)
            *(NAME(vector) *)(c + r * cRow + v * LANES) = sums[r][v];
}

/// A block of queries: `count` of them from `first` on; the first `width` keys are those that any of them sees.
typedef struct {
    long first, count, width;
    bool isCausal;
} NAME(block);

/// Rows up to a whole tile.
APUS_INLINE long NAME(padded)(long count, long to) { return (count + to - 1) / to * to; }

/// How many keys the tile of queries from `row` on sees.
APUS_INLINE long NAME(reach)(const NAME(block) *block, long row) {
    long reach = block->first + row + TILE_ROWS;
    return block->isCausal && reach < block->width ? reach : block->width;
}

/// How many keys one query sees.
APUS_INLINE long NAME(seen)(const NAME(block) *block, long row) {
    long seen = block->first + row + 1;
    return block->isCausal && seen < block->width ? seen : block->width;
}

/// How many weights of a query any product reads: whole tiles.
APUS_INLINE long NAME(written)(const NAME(block) *block, long row) {
    return NAME(padded)(NAME(reach)(block, row / TILE_ROWS * TILE_ROWS), TILE_ROWS);
}

/// out (queries × keys) = left (queries × depth) · keysᵀ, the keys as panels of columns; what no query of a tile sees
/// is left out.
TARGET static void NAME(multiply_by_keys)(
    REAL *out, long row, const REAL *left, const REAL *columns, long depth, const NAME(block) *block)
{
    for (long key = 0; key < block->width; key += PANEL) {
        for (long i = 0; i < block->count; i += TILE_ROWS) {
            if (key >= NAME(reach)(block, i)) continue;
            NAME(tile)(out + i * row + key, row, left + i * depth, depth, 1, columns + key * depth, depth, false);
        }
    }
}

/// out (queries × features) = weights (queries × keys) · rows, the rows of all keys as panels of features.
TARGET static void NAME(sum_over_keys)(
    REAL *out, long outRow, const REAL *weights, long row, const REAL *rows, long keys, const NAME(block) *block)
{
    for (long feature = 0; feature < outRow; feature += PANEL) {
        for (long i = 0; i < block->count; i += TILE_ROWS) {
            NAME(tile)(
                out + i * outRow + feature, outRow, weights + i * row, row, 1, rows + feature * keys,
                NAME(reach)(block, i), false);
        }
    }
}

/// out (keys × features) += weightsᵀ · rows, the rows of the block's queries as panels of features.
TARGET static void NAME(sum_over_queries)(
    REAL *out, long outRow, const REAL *weights, long row, const REAL *rows, long blockRows, const NAME(block) *block)
{
    for (long feature = 0; feature < outRow; feature += PANEL) {
        for (long key = 0; key < block->width; key += TILE_ROWS) {
            // The queries before these keys don't see them.
            long start = block->isCausal && key > block->first ? key - block->first : 0;
            if (start >= block->count) continue;
            NAME(tile)(
                out + key * outRow + feature, outRow, weights + start * row + key, 1, row,
                rows + feature * blockRows + start * PANEL, block->count - start, true);
        }
    }
}

// MARK: Taking operands in, giving results out

/// `count` elements from `start` on, `step` apart, scaled; added to `out` where it `adds`.
TARGET APUS_INLINE void NAME(take_line)(
    REAL *restrict out, const void *data, long start, long step, long count, REAL scale, int dtype, bool adds)
{
    if (dtype == APUS_BFLOAT16) {
        const bfloat16_bits *x = (const bfloat16_bits *)data + start;
        if (step == 1) {
            for (long j = 0; j < count; ++j) out[j] = (adds ? out[j] : 0) + scale * (REAL)float_of_bfloat16(x[j]);
        } else {
            for (long j = 0; j < count; ++j) {
                out[j] = (adds ? out[j] : 0) + scale * (REAL)float_of_bfloat16(x[j * step]);
            }
        }
    } else {
        const REAL *x = (const REAL *)data + start;
        if (step == 1) {
            for (long j = 0; j < count; ++j) out[j] = (adds ? out[j] : 0) + scale * x[j];
        } else {
            for (long j = 0; j < count; ++j) out[j] = (adds ? out[j] : 0) + scale * x[j * step];
        }
    }
}

/// `count` scaled elements to `start` and on, `step` apart.
TARGET APUS_INLINE void NAME(give_line)(
    void *data, long start, long step, long count, const REAL *restrict x, REAL scale, int dtype)
{
    if (dtype == APUS_BFLOAT16) {
        bfloat16_bits *out = (bfloat16_bits *)data + start;
        if (step == 1) {
            for (long j = 0; j < count; ++j) out[j] = bfloat16_of_float((float)(scale * x[j]));
        } else {
            for (long j = 0; j < count; ++j) out[j * step] = bfloat16_of_float((float)(scale * x[j]));
        }
    } else {
        REAL *out = (REAL *)data + start;
        if (step == 1) {
            for (long j = 0; j < count; ++j) out[j] = scale * x[j];
        } else {
            for (long j = 0; j < count; ++j) out[j * step] = scale * x[j];
        }
    }
}

/// `count` rows of `width`, scaled, dense; zeros up to whole tiles.
TARGET static void NAME(take_rows)(
    REAL *out, const void *data, const apus_matrix *m, long first, long count, long width, REAL scale, int dtype)
{
    for (long i = 0; i < count; ++i) {
        NAME(take_line)(out + i * width, data, (first + i) * m->row, m->column, width, scale, dtype, false);
    }
    memset(out + count * width, 0, (size_t)((NAME(padded)(count, TILE_ROWS) - count) * width) * sizeof(REAL));
}

/// `count` dense rows of `width` as panels of columns, each of `capacity` rows.
TARGET static void NAME(into_panels)(REAL *out, const REAL *rows, long count, long width, long capacity) {
    for (long column = 0; column < width; column += PANEL, out += capacity * PANEL) {
        long filled = width - column < PANEL ? width - column : PANEL;
        for (long i = 0; i < count; ++i) {
            REAL *restrict line = out + i * PANEL;
            const REAL *restrict row = rows + i * width + column;
            if (filled == PANEL) {
                for (int v = 0; v < TILE_VECTORS; ++v) ((NAME(vector) *)line)[v] = ((const NAME(vector) *)row)[v];
            } else {
                for (long j = 0; j < PANEL; ++j) line[j] = j < filled ? row[j] : 0;
            }
        }
    }
}

/// `count` dense rows of `width`, transposed, as panels: PANEL rows become the columns of one.
TARGET static void NAME(into_columns)(REAL *out, const REAL *rows, long count, long width) {
    for (long first = 0; first < count; first += PANEL, rows += PANEL * width, out += width * PANEL) {
        long filled = count - first < PANEL ? count - first : PANEL;
        if (filled < PANEL) memset(out, 0, (size_t)(width * PANEL) * sizeof(REAL));
        for (long i = 0; i < filled; ++i) {
            for (long j = 0; j < width; ++j) out[j * PANEL + i] = rows[i * width + j];
        }
    }
}

/// Rows of `stride` to where the result has them.
TARGET static void NAME(give_rows)(
    void *data, const apus_matrix *m, long first, long count, long width, const REAL *rows, long stride, REAL scale,
    int dtype)
{
    for (long i = 0; i < count; ++i) {
        NAME(give_line)(data, (first + i) * m->row, m->column, width, rows + i * stride, scale, dtype);
    }
}

// MARK: Softmax

TARGET APUS_INLINE REAL NAME(greatest)(const REAL *x, long count) {
    REAL greatest = -(REAL)INFINITY;
    long j = 0;
    if (count >= 4 * LANES) {
        NAME(vector) parts[4];
        for (int v = 0; v < 4; ++v) parts[v] = ((const NAME(vector) *)x)[v];
        for (j = 4 * LANES; j + 4 * LANES <= count; j += 4 * LANES) {
            for (int v = 0; v < 4; ++v) {
                parts[v] = __builtin_elementwise_max(parts[v], ((const NAME(vector) *)(x + j))[v]);
            }
        }
        NAME(vector) all = __builtin_elementwise_max(
            __builtin_elementwise_max(parts[0], parts[1]), __builtin_elementwise_max(parts[2], parts[3]));
        for (int lane = 0; lane < LANES; ++lane) greatest = all[lane] > greatest ? all[lane] : greatest;
    }
    for (; j < count; ++j) greatest = x[j] > greatest ? x[j] : greatest;
    return greatest;
}

/// Σ factor · x · y, where x becomes factor · x; Σ x without y.
TARGET APUS_INLINE REAL NAME(sum)(REAL *x, REAL factor, const REAL *y, long count) {
    NAME(vector) parts[4] = {0};
    long j = 0;
    for (; j + 4 * LANES <= count; j += 4 * LANES) {
        for (int v = 0; v < 4; ++v) {
            NAME(vector) *scaled = (NAME(vector) *)(x + j) + v;
            if (y) *scaled *= factor;
            parts[v] += y ? *scaled * ((const NAME(vector) *)(y + j))[v] : *scaled;
        }
    }
    NAME(vector) all = (parts[0] + parts[1]) + (parts[2] + parts[3]);
    REAL sum = 0;
    for (int lane = 0; lane < LANES; ++lane) sum += all[lane];
    for (; j < count; ++j) {
        if (y) x[j] *= factor;
        sum += y ? x[j] * y[j] : x[j];
    }
    return sum;
}

TARGET APUS_INLINE REAL NAME(dot)(const REAL *x, const REAL *y, long count) {
    NAME(vector) parts[2] = {0};
    long j = 0;
    for (; j + 2 * LANES <= count; j += 2 * LANES) {
        for (int v = 0; v < 2; ++v) parts[v] += ((const NAME(vector) *)(x + j))[v] * ((const NAME(vector) *)(y + j))[v];
    }
    NAME(vector) all = parts[0] + parts[1];
    REAL sum = 0;
    for (int lane = 0; lane < LANES; ++lane) sum += all[lane];
    for (; j < count; ++j) sum += x[j] * y[j];
    return sum;
}

/// Scores → exp(score − greatest), zeros behind what the row sees up to what its tile reads.
///
/// - Returns: 1 / Σ, or 0 for a row that sees nothing: every score −∞.
TARGET static REAL NAME(exponentials)(REAL *scores, long seen, long reach) {
    REAL greatest = NAME(greatest)(scores, seen);
    REAL shift = greatest == -(REAL)INFINITY ? 0 : greatest;
    for (long j = 0; j < seen; ++j) scores[j] = EXP(scores[j] - shift);
    for (long j = seen; j < reach; ++j) scores[j] = 0;
    REAL sum = NAME(sum)(scores, 1, NULL, seen);
    return sum == 0 ? 0 : 1 / sum;
}

/// The scores of a block as exponentials, and for each row the factor that normalizes it.
TARGET static void NAME(softmax)(
    REAL *scores, long row, REAL *factors, const apus_attention *a, const void *mask, const NAME(block) *block)
{
    for (long i = 0; i < block->count; ++i) {
        REAL *line = scores + i * row;
        long seen = NAME(seen)(block, i), position = block->first + i;
        if (mask) {
            // A mask of 16-bit operands is as wide as their scores.
            int dtype = a->dtype == APUS_BFLOAT16 ? APUS_FLOAT32 : a->dtype;
            NAME(take_line)(line, mask, position * a->mask.row, a->mask.column, seen, 1, dtype, true);
        }
        factors[i] = NAME(exponentials)(line, seen, NAME(written)(block, i));
    }
}

/// A row's exponentials → weights P, and its ∂P → ∂S = P ∘ (∂P − Σ P ∘ ∂P).
TARGET static void NAME(slope)(REAL *restrict weights, REAL *restrict slopes, REAL factor, long seen, long reach) {
    REAL sum = NAME(sum)(weights, factor, slopes, seen);
    for (long j = 0; j < seen; ++j) slopes[j] = weights[j] * (slopes[j] - sum);
    for (long j = seen; j < reach; ++j) slopes[j] = 0;
}

// MARK: One head

static long NAME(scratch)(const apus_attention *a, bool isGradient, attention_sizes *s) {
    s->keys = NAME(padded)(a->keys, PANEL);
    s->features = NAME(padded)(a->features, PANEL);
    s->valueFeatures = NAME(padded)(a->valueFeatures, PANEL);
    // A block's weights stay in the second-level cache.
    long rows = (1L << 16) / (s->keys > 0 ? s->keys : 1) / TILE_ROWS * TILE_ROWS;
    long needed = NAME(padded)(a->queries, TILE_ROWS);
    rows = rows > 64 ? 64 : rows;
    rows = rows < needed ? rows : needed;
    s->rows = rows < TILE_ROWS ? TILE_ROWS : rows;
    long perRow = s->keys + a->features + s->valueFeatures + 1, perKey = a->features + s->valueFeatures;
    if (isGradient) {
        perRow += s->keys + a->valueFeatures + 2 * s->features;
        perKey += a->valueFeatures + 2 * s->features;
    } else {
        perKey += a->features > a->valueFeatures ? a->features : a->valueFeatures;
    }
    return (s->rows * perRow + s->keys * perKey) * (long)sizeof(REAL);
}

TARGET APUS_INLINE NAME(block) NAME(block_at)(const apus_attention *a, long first, long end, long rows) {
    long count = end - first < rows ? end - first : rows;
    long width = a->isCausal && first + count < a->keys ? first + count : a->keys;
    return (NAME(block)){first, count, width, a->isCausal};
}

/// A row of a matrix: where it lies if it can be read there, else taken to `buffer`.
TARGET APUS_INLINE const REAL *NAME(row_of)(
    REAL *buffer, const void *data, const apus_matrix *m, long row, long width, int dtype)
{
    if (dtype != APUS_BFLOAT16 && m->column == 1) return (const REAL *)data + row * m->row;
    NAME(take_line)(buffer, data, row * m->row, m->column, width, 1, dtype, false);
    return buffer;
}

/// All queries of one head where they are few, as when a token is attended to a cache: panels would be read once only, so
/// keys and values are read where they lie.
TARGET static void NAME(attend_few)(const apus_attention *a, const attention_head *head, void *scratch) {
    REAL *memory = scratch;
    attention_sizes s;
    NAME(scratch)(a, false, &s);
    REAL *scores = memory, *queries = scores + s.rows * s.keys, *sums = queries + s.rows * a->features;
    REAL *factors = sums + s.rows * s.valueFeatures, *buffer = factors + s.rows;
    NAME(block) block = NAME(block_at)(a, 0, a->queries, s.rows);

    NAME(take_rows)(queries, head->query, &a->query, 0, block.count, a->features, (REAL)a->scale, a->dtype);
    for (long key = 0; key < block.width; ++key) {
        const REAL *row = NAME(row_of)(buffer, head->key, &a->key, key, a->features, a->dtype);
        for (long i = 0; i < block.count; ++i) {
            scores[i * s.keys + key] = NAME(dot)(queries + i * a->features, row, a->features);
        }
    }
    NAME(softmax)(scores, s.keys, factors, a, head->mask, &block);
    memset(sums, 0, (size_t)(block.count * s.valueFeatures) * sizeof(REAL));
    for (long key = 0; key < block.width; ++key) {
        const REAL *restrict row = NAME(row_of)(buffer, head->value, &a->value, key, a->valueFeatures, a->dtype);
        for (long i = 0; i < block.count; ++i) {
            if (key >= NAME(seen)(&block, i)) continue;
            REAL *restrict sum = sums + i * s.valueFeatures, weight = scores[i * s.keys + key];
            for (long j = 0; j < a->valueFeatures; ++j) sum[j] += weight * row[j];
        }
    }
    for (long i = 0; i < block.count; ++i) {
        NAME(give_rows)(
            head->result, &a->result, i, 1, a->valueFeatures, sums + i * s.valueFeatures, s.valueFeatures, factors[i],
            a->dtype);
    }
}

/// The queries begin..<end of one head.
TARGET static void NAME(attend_head)(
    const apus_attention *a, const attention_head *head, void *scratch, long begin, long end)
{
    REAL *memory = scratch;
    if (a->queries <= FEW_QUERIES) return NAME(attend_few)(a, head, scratch);
    attention_sizes s;
    NAME(scratch)(a, false, &s);
    REAL *keys = memory, *values = keys + s.keys * a->features, *scores = values + s.keys * s.valueFeatures;
    REAL *queries = scores + s.rows * s.keys, *sums = queries + s.rows * a->features;
    REAL *factors = sums + s.rows * s.valueFeatures, *rows = factors + s.rows;

    long seen = a->isCausal && end < a->keys ? end : a->keys;
    NAME(take_rows)(rows, head->key, &a->key, 0, seen, a->features, 1, a->dtype);
    NAME(into_columns)(keys, rows, seen, a->features);
    NAME(take_rows)(rows, head->value, &a->value, 0, seen, a->valueFeatures, 1, a->dtype);
    NAME(into_panels)(values, rows, seen, a->valueFeatures, s.keys);
    for (long first = begin; first < end; first += s.rows) {
        NAME(block) block = NAME(block_at)(a, first, end, s.rows);
        NAME(take_rows)(
            queries, head->query, &a->query, first, block.count, a->features, (REAL)a->scale, a->dtype);
        NAME(multiply_by_keys)(scores, s.keys, queries, keys, a->features, &block);
        NAME(softmax)(scores, s.keys, factors, a, head->mask, &block);
        NAME(sum_over_keys)(sums, s.valueFeatures, scores, s.keys, values, s.keys, &block);
        for (long i = 0; i < block.count; ++i) {
            NAME(give_rows)(
                head->result, &a->result, first + i, 1, a->valueFeatures, sums + i * s.valueFeatures, s.valueFeatures,
                factors[i], a->dtype);
        }
    }
}

/// The gradients of one head by query, key and value. With weights P = softmax(scores) and the result's gradient G:
/// ∂V = Pᵀ G, ∂P = G Vᵀ, ∂S = P ∘ (∂P − rowsum(P ∘ ∂P)), ∂Q = scale · ∂S K, ∂K = scale · ∂Sᵀ Q.
TARGET static void NAME(differentiate_head)(const apus_attention *a, const attention_head *head, void *scratch) {
    REAL *memory = scratch;
    attention_sizes s;
    NAME(scratch)(a, true, &s);
    REAL *keys = memory, *keyRows = keys + s.keys * a->features, *values = keyRows + s.keys * s.features;
    REAL *keySums = values + s.keys * a->valueFeatures, *valueSums = keySums + s.keys * s.features;
    REAL *weights = valueSums + s.keys * s.valueFeatures, *slopes = weights + s.rows * s.keys;
    REAL *queries = slopes + s.rows * s.keys, *queryPanels = queries + s.rows * a->features;
    REAL *gradients = queryPanels + s.rows * s.features, *gradientPanels = gradients + s.rows * a->valueFeatures;
    REAL *sums = gradientPanels + s.rows * s.valueFeatures;
    REAL *factors = sums + s.rows * s.features;
    REAL scale = (REAL)a->scale;

    // The sums' memory serves before they begin.
    NAME(take_rows)(keySums, head->key, &a->key, 0, a->keys, a->features, 1, a->dtype);
    NAME(into_columns)(keys, keySums, a->keys, a->features);
    NAME(into_panels)(keyRows, keySums, a->keys, a->features, s.keys);
    NAME(take_rows)(valueSums, head->value, &a->value, 0, a->keys, a->valueFeatures, 1, a->dtype);
    NAME(into_columns)(values, valueSums, a->keys, a->valueFeatures);
    memset(keySums, 0, (size_t)(s.keys * (s.features + s.valueFeatures)) * sizeof(REAL));

    for (long first = 0; first < a->queries; first += s.rows) {
        NAME(block) block = NAME(block_at)(a, first, a->queries, s.rows);
        long count = block.count;
        NAME(take_rows)(queries, head->query, &a->query, first, count, a->features, scale, a->dtype);
        NAME(into_panels)(queryPanels, queries, count, a->features, s.rows);
        NAME(take_rows)(gradients, head->gradient, &a->gradient, first, count, a->valueFeatures, 1, a->dtype);
        NAME(into_panels)(gradientPanels, gradients, count, a->valueFeatures, s.rows);

        NAME(multiply_by_keys)(weights, s.keys, queries, keys, a->features, &block);
        NAME(softmax)(weights, s.keys, factors, a, head->mask, &block);
        NAME(multiply_by_keys)(slopes, s.keys, gradients, values, a->valueFeatures, &block);
        for (long i = 0; i < count; ++i) {
            NAME(slope)(
                weights + i * s.keys, slopes + i * s.keys, factors[i], NAME(seen)(&block, i), NAME(written)(&block, i));
        }
        NAME(sum_over_queries)(valueSums, s.valueFeatures, weights, s.keys, gradientPanels, s.rows, &block);
        NAME(sum_over_queries)(keySums, s.features, slopes, s.keys, queryPanels, s.rows, &block);
        if (head->queryGradient) {
            NAME(sum_over_keys)(sums, s.features, slopes, s.keys, keyRows, s.keys, &block);
            NAME(give_rows)(
                head->queryGradient, &a->queryGradient, first, count, a->features, sums, s.features, scale, a->dtype);
        }
    }
    if (head->keyGradient) {
        NAME(give_rows)(
            head->keyGradient, &a->keyGradient, 0, a->keys, a->features, keySums, s.features, 1, a->dtype);
    }
    if (head->valueGradient) {
        NAME(give_rows)(
            head->valueGradient, &a->valueGradient, 0, a->keys, a->valueFeatures, valueSums, s.valueFeatures, 1,
            a->dtype);
    }
}

static const attention_kernels NAME(kernels) = {NAME(scratch), NAME(attend_head), NAME(differentiate_head)};

#undef LANES
#undef PANEL
#undef REAL
#undef EXP
#undef NAME
