/// Fused pointwise regions, a tile at a time.
#include "region_plan.h"

enum {
    /// Sums of float32 go to the result after this many tiles, so that a long sum's error stays small.
    BLOCK_TILES = 16,
    /// Bytes taken from the stack; beyond, from the heap.
    STACK_LIMIT = 1 << 18,
};

static const char *load_data(const run_plan *plan, const apus_load *load) {
    return (const char *)plan->addresses[load->storage] + load->offset;
}

static char *store_data(const run_plan *plan, const apus_store *store) { return plan->addresses[store->storage]; }

static char *reduction_data(const run_plan *plan, const apus_reduction *reduction) {
    return plan->addresses[reduction->storage];
}

// MARK: One part

/// Outputs of a reduction that only one part reaches.
typedef struct {
    long begin, end;
} output_range;

/// A part's rows and columns, and what its thread works with.
typedef struct {
    const run_plan *plan;
    long rowBegin, rowEnd, columnBegin, columnEnd;
    /// Where each register's tile is now.
    char **registers;
    char *scratch;
    /// Element offset of the row for each load.
    long *rowOffsets;
    char **accumulators;
    /// Partial sums on their way to the accumulators, for the outputs that are this part's alone; NULL for none.
    char **blocks;
    output_range *ranges;
    long tilesInBlock;
} part_state;

static char *scratch_register(const part_state *state, int index) {
    return state->scratch + state->plan->registerOffsets[index];
}

static long row_offset(const apus_region *region, const long *strides, long row) {
    long offset = 0;
    for (int axis = region->rank - 2; axis >= 0; --axis) {
        offset += row % region->shape[axis] * strides[axis];
        row /= region->shape[axis];
    }
    return offset;
}

/// The first n elements of one row of a load over and over.
static void repeat_row(const run_plan *plan, const apus_load *load, char *target, const char *data, long n) {
    long shape[2] = {(n + plan->columns - 1) / plan->columns, plan->columns};
    long strides[2] = {0, plan->columns == 1 ? 0 : load->strides[plan->region->rank - 1]};
    apus_strided_copy(target, data, shape, strides, 2, load->elementSize, 0, n);
}

/// Loads that are the same for all tiles.
static void load_once(part_state *state) {
    const run_plan *plan = state->plan;
    const apus_region *region = plan->region;
    for (int l = 0; l < region->loadCount; ++l) {
        const apus_load *load = &region->loads[l];
        state->rowOffsets[l] = -1;
        state->registers[load->target] = scratch_register(state, load->target);
        if (plan->loads[l] != LOAD_ONCE) continue;
        if (plan->ofRows.lines > 0) {
            bool isLocal = plan->ofRows.elementStrides[load->target] == 0;
            long n = load->perRow ? plan->tileRows / plan->ofRows.lines
                     : isLocal    ? plan->ofRows.blockElements
                                  : plan->tileElements;
            int rank = load->perRow ? outer_rank(plan) : region->rank;
            apus_strided_copy(
                state->registers[load->target], load_data(plan, load), region->shape, load->strides, rank,
                load->elementSize, 0, n);
            continue;
        }
        repeat_row(plan, load, state->registers[load->target], load_data(plan, load), plan->tileElements);
    }
}

/// Brings in the tile of n rows at `row`: runs of equal rows, which for most tiles is the run that is there already.
static void load_repeated_rows(part_state *state, int l, long row, long n) {
    const run_plan *plan = state->plan;
    const apus_region *region = plan->region;
    const apus_load *load = &region->loads[l];
    long along = region->shape[region->rank - 2], end = row + n;
    bool whole = row % along + n <= along;
    if (whole && row_offset(region, load->strides, row) == state->rowOffsets[l]) return;
    state->rowOffsets[l] = whole && n == plan->tileRows ? row_offset(region, load->strides, row) : -1;
    char *target = state->registers[load->target];
    while (row < end) {
        long rest = along - row % along, count = rest < end - row ? rest : end - row;
        const char *data = load_data(plan, load) + row_offset(region, load->strides, row) * load->elementSize;
        repeat_row(plan, load, target, data, count * plan->columns);
        target += count * plan->columns * load->elementSize;
        row += count;
    }
}

/// Brings in the tile of n elements at (row, column).
static void load_tile(part_state *state, long row, long column, long n) {
    const run_plan *plan = state->plan;
    const apus_region *region = plan->region;
    int last = region->rank - 1;
    for (int l = 0; l < region->loadCount; ++l) {
        load_kind kind = plan->loads[l];
        if (kind == LOAD_ONCE) continue;
        const apus_load *load = &region->loads[l];
        const char *data = load_data(plan, load);
        char *target = state->registers[load->target];
        long size = load->elementSize;
        long begin = row * plan->columns + column;
        if (load->perRow) {
            long first = row / plan->ofRows.lines, count = n / region->rowLength;
            if (kind == LOAD_IN_PLACE) {
                state->registers[load->target] = (char *)data + first * size;
            } else {
                apus_strided_copy(
                    target, data, region->shape, load->strides, outer_rank(plan), (int)size, first, first + count);
            }
            continue;
        }
        if (kind == LOAD_COPY) {
            memcpy(target, data + begin * size, (size_t)(n * size));
            continue;
        }
        if (plan->tileRows > 0) {
            if (kind == LOAD_IN_PLACE) {
                state->registers[load->target] = (char *)data + begin * size;
            } else if (kind == LOAD_REPEATED_ROW) {
                load_repeated_rows(state, l, row, n / plan->columns);
            } else {
                apus_strided_copy(
                    target, data, region->shape, load->strides, region->rank, (int)size, begin, begin + n);
            }
            continue;
        }
        long offset = row_offset(region, load->strides, row);
        switch (kind) {
        case LOAD_IN_PLACE: state->registers[load->target] = (char *)data + (offset + column) * size; break;
        case LOAD_ROW_VALUE:
            if (offset != state->rowOffsets[l]) {
                apus_fill(target, data + offset * size, (int)size, plan->tileElements);
                state->rowOffsets[l] = offset;
            }
            break;
        default: {
            long stride = load->strides[last];
            apus_strided_copy(target, data + (offset + column * stride) * size, &n, &stride, 1, (int)size, 0, n);
        }
        }
    }
}

static void reduce_tile(
    const part_state *state, const reduction_plan *plan, char *out, const char *x, long row, long column, long n) {
    const apus_reduction *reduction = plan->reduction;
    int operation = reduction->operation, dtype = reduction->dtype;
    long size = apus_element_sizes[dtype], columns = state->plan->columns;
    bool pieces = state->plan->tileRows == 0;
    long rest = pieces ? 1 : n / columns;
    while (rest > 0) {
        long at = row % plan->along;
        long run = plan->along - at < rest ? plan->along - at : rest;
        long stride = plan->alongStride;
        char *target = out + (cursor_at(&plan->rowAxes, row / plan->along).offset + at * stride) * size;
        if (pieces) {
            if (plan->lastStride == 0) {
                apus_reduce_rows(target, x, 1, n, operation, dtype);
            } else {
                apus_combine(target + column * size, x, n, operation, dtype);
            }
        } else if (plan->lastStride == 0 && stride == 0) {
            apus_reduce_rows(target, x, 1, run * columns, operation, dtype);
        } else if (plan->lastStride == 0 && stride == 1) {
            apus_reduce_rows(target, x, run, columns, operation, dtype);
        } else if (plan->lastStride == 1 && stride == 0) {
            apus_reduce_columns(target, x, run, columns, operation, dtype);
        } else if (plan->lastStride == 1 && stride == columns) {
            apus_combine(target, x, run * columns, operation, dtype);
        } else {
            run = 1;
            if (plan->lastStride == 0) {
                apus_reduce_rows(target, x, 1, columns, operation, dtype);
            } else {
                apus_combine(target, x, columns, operation, dtype);
            }
        }
        x += run * columns * size;
        row += run;
        rest -= run;
    }
}

/// Adds the blocks to the accumulators and starts them anew.
static void flush_blocks(part_state *state) {
    const run_plan *plan = state->plan;
    for (int r = 0; r < plan->region->reductionCount; ++r) {
        if (state->blocks[r] == NULL) continue;
        const reduction_plan *reduction = &plan->reductions[r];
        int operation = reduction->reduction->operation, dtype = reduction->reduction->dtype;
        output_range own = state->ranges[r];
        long start = own.begin * apus_element_sizes[dtype], count = own.end - own.begin;
        apus_combine(state->accumulators[r] + start, state->blocks[r] + start, count, operation, dtype);
        apus_reduce_fill(state->blocks[r] + start, count, operation, dtype);
    }
    state->tilesInBlock = 0;
}

static char *block_of(const part_state *state, int target, long at) {
    return state->registers[target] + at * state->plan->ofRows.elementStrides[target];
}

/// One instruction on the block of n elements at `at` of the tile.
static void run_on_block(part_state *state, const apus_instruction *it, long at, long n) {
    const run_plan *plan = state->plan;
    long length = plan->region->rowLength;
    long columns = n < length ? n : length, rows = n / columns;
    char *out = block_of(state, it->out, at);
    const char *a = block_of(state, it->a, at);
    switch (it->kind) {
    case APUS_EACH_ROW: break;
    case APUS_REDUCE_ROWS:
        apus_reduce_rows(state->registers[it->out], a, rows, columns, it->reduction, it->dtype);
        break;
    case APUS_EXPAND_ROWS:
        apus_expand_rows(out, state->registers[it->a], rows, columns, apus_element_sizes[it->dtype]);
        break;
    default: it->kernel(out, a, block_of(state, it->b, at), block_of(state, it->c, at), n);
    }
}

/// The instructions on a tile of whole rows.
static void run_stages(part_state *state, long n) {
    const run_plan *plan = state->plan;
    const apus_instruction *instructions = plan->region->instructions;
    char **registers = state->registers;
    long rows = n / plan->region->rowLength, blockElements = plan->ofRows.blockElements;
    int begin = 0;
    for (int stage = 0; stage < plan->ofRows.stageCount; ++stage) {
        int end = plan->ofRows.stageEnds[stage];
        for (int i = begin; i < end; ++i) {
            const apus_instruction *it = &instructions[i];
            if (it->kind == APUS_EACH_ROW) {
                it->kernel(registers[it->out], registers[it->a], registers[it->b], registers[it->c], rows);
            } else if (it->kind == APUS_REDUCE_ROWS) {
                apus_reduce_fill(registers[it->out], rows, it->reduction, it->dtype);
            }
        }
        for (long at = 0; at < n; at += blockElements) {
            long count = n - at < blockElements ? n - at : blockElements;
            for (int i = begin; i < end; ++i) run_on_block(state, &instructions[i], at, count);
        }
        begin = end;
    }
}

static void run_tile(part_state *state, long row, long column, long n) {
    const run_plan *plan = state->plan;
    const apus_region *region = plan->region;
    load_tile(state, row, column, n);
    long begin = row * plan->columns + column;
    for (int s = 0; s < region->storeCount; ++s) {
        const apus_store *store = &region->stores[s];
        if (plan->storesInPlace[s]) {
            state->registers[store->source] = store_data(plan, store) + begin * store->elementSize;
        }
    }
    char **registers = state->registers;
    if (plan->ofRows.lines > 0) {
        run_stages(state, n);
    } else {
        for (int i = 0; i < region->instructionCount; ++i) {
            const apus_instruction *it = &region->instructions[i];
            it->kernel(registers[it->out], registers[it->a], registers[it->b], registers[it->c], n);
        }
    }
    for (int s = 0; s < region->storeCount; ++s) {
        const apus_store *store = &region->stores[s];
        if (plan->storesInPlace[s]) continue;
        long first = store->perRow ? row / plan->ofRows.lines : begin;
        long count = store->perRow ? n / region->rowLength : n;
        char *target = store_data(plan, store) + first * store->elementSize;
        memcpy(target, registers[store->source], (size_t)(count * store->elementSize));
    }
    for (int r = 0; r < region->reductionCount; ++r) {
        const reduction_plan *reduction = &plan->reductions[r];
        char *target = state->blocks[r] != NULL ? state->blocks[r] : state->accumulators[r];
        reduce_tile(state, reduction, target, registers[reduction->reduction->source], row, column, n);
    }
    if (++state->tilesInBlock == BLOCK_TILES) flush_blocks(state);
}

static void run_tiles(part_state *state) {
    const run_plan *plan = state->plan;
    if (plan->tileRows > 0) {
        for (long row = state->rowBegin; row < state->rowEnd; row += plan->tileRows) {
            long rows = state->rowEnd - row < plan->tileRows ? state->rowEnd - row : plan->tileRows;
            run_tile(state, row, 0, rows * plan->columns);
        }
        return;
    }
    for (long row = state->rowBegin; row < state->rowEnd; ++row) {
        for (long column = state->columnBegin; column < state->columnEnd; column += plan->tileElements) {
            long rest = state->columnEnd - column;
            run_tile(state, row, column, rest < plan->tileElements ? rest : plan->tileElements);
        }
    }
}

/// Part `part` of 0..<count, cut at multiples of `unit`.
static void cut(long count, long unit, long parts, long part, long *begin, long *end) {
    long units = (count + unit - 1) / unit;
    *begin = units * part / parts * unit;
    *end = units * (part + 1) / parts * unit;
    *end = *end < count ? *end : count;
}

/// The outputs that are this part's alone; none where they are not one range.
static output_range own_outputs(const part_state *state, const reduction_plan *reduction) {
    const run_plan *plan = state->plan;
    if (plan->parts == 1 || !reduction->disjoint) return (output_range){0, reduction->span};
    if (plan->splitsColumns) {
        if (reduction->span != plan->columns) return (output_range){0, 0};
        return (output_range){state->columnBegin, state->columnEnd};
    }
    if (!reduction->dense) return (output_range){0, 0};
    long outputs = reduction->span / (plan->rows / plan->unit);
    return (output_range){state->rowBegin / plan->unit * outputs, state->rowEnd / plan->unit * outputs};
}

static size_t block_bytes(const reduction_plan *reduction, output_range own, long tiles) {
    const apus_reduction *it = reduction->reduction;
    bool sums = it->operation == APUS_SUM && it->dtype == APUS_FLOAT32;
    if (!sums || tiles <= BLOCK_TILES || reduction->span > BLOCK_LIMIT || own.begin == own.end) return 0;
    return rounded_to_lines((size_t)reduction->span * sizeof(float));
}

static char *private_result(const run_plan *plan, const reduction_plan *reduction, long part) {
    return plan->private + reduction->privateOffset + (size_t)(part - 1) * reduction->privateBytes;
}

/// Whether each part starts its own outputs, rather than one thread all of them.
static bool filled_by_parts(const run_plan *plan, const reduction_plan *reduction) {
    return plan->parts > 1 && reduction->disjoint && !plan->splitsColumns && reduction->dense;
}

/// Where this part accumulates, with the identity in it.
static char *start_accumulator(const part_state *state, const reduction_plan *reduction, long part) {
    const run_plan *plan = state->plan;
    const apus_reduction *it = reduction->reduction;
    long size = apus_element_sizes[it->dtype];
    if (part > 0 && !reduction->disjoint) {
        char *private = private_result(plan, reduction, part);
        apus_reduce_fill(private, reduction->span, it->operation, it->dtype);
        return private;
    }
    if (filled_by_parts(plan, reduction)) {
        output_range own = own_outputs(state, reduction);
        char *target = reduction_data(plan, it) + own.begin * size;
        apus_reduce_fill(target, own.end - own.begin, it->operation, it->dtype);
    }
    return reduction_data(plan, it);
}

static void run_part(void *context, long part) {
    const run_plan *plan = context;
    const apus_region *region = plan->region;
    part_state state = {.plan = plan, .rowEnd = plan->rows, .columnEnd = plan->columns};
    if (plan->splitsColumns) {
        cut(plan->columns, LINE, plan->parts, part, &state.columnBegin, &state.columnEnd);
    } else {
        cut(plan->rows, plan->unit, plan->parts, part, &state.rowBegin, &state.rowEnd);
    }
    long tiles = (state.rowEnd - state.rowBegin) * (state.columnEnd - state.columnBegin) / plan->tileElements + 1;

    size_t bytes = plan->scratchBytes + LINE;
    output_range ranges[region->reductionCount + 1];
    state.ranges = ranges;
    for (int r = 0; r < region->reductionCount; ++r) {
        ranges[r] = own_outputs(&state, &plan->reductions[r]);
        bytes += block_bytes(&plan->reductions[r], ranges[r], tiles);
    }
    char *heap = bytes > STACK_LIMIT ? malloc(bytes) : NULL;
    char *memory = heap != NULL ? heap : __builtin_alloca(bytes);
    state.scratch = (char *)rounded_to_lines((size_t)memory);

    char *registers[region->registerCount + 1], *accumulators[region->reductionCount + 1];
    char *blocks[region->reductionCount + 1];
    long rowOffsets[region->loadCount + 1];
    state.registers = registers;
    state.accumulators = accumulators;
    state.blocks = blocks;
    state.rowOffsets = rowOffsets;
    for (int i = 0; i < region->registerCount; ++i) registers[i] = scratch_register(&state, i);
    char *next = state.scratch + plan->scratchBytes;
    for (int r = 0; r < region->reductionCount; ++r) {
        const reduction_plan *reduction = &plan->reductions[r];
        accumulators[r] = start_accumulator(&state, reduction, part);
        size_t blockBytes = block_bytes(reduction, ranges[r], tiles);
        blocks[r] = blockBytes > 0 ? next : NULL;
        next += blockBytes;
        if (blockBytes > 0) apus_reduce_fill(blocks[r], reduction->span, APUS_SUM, APUS_FLOAT32);
    }
    load_once(&state);
    run_tiles(&state);
    if (state.tilesInBlock > 0) flush_blocks(&state);
    free(heap);
}

// MARK: The whole

static void combine_private(const run_plan *plan) {
    for (int r = 0; r < plan->region->reductionCount; ++r) {
        const reduction_plan *reduction = &plan->reductions[r];
        const apus_reduction *it = reduction->reduction;
        if (reduction->disjoint) continue;
        for (long part = 1; part < plan->parts; ++part) {
            apus_combine(
                reduction_data(plan, it), private_result(plan, reduction, part), reduction->span, it->operation,
                it->dtype);
        }
    }
}

void apus_region_run(const apus_prepared_region *prepared, void *const *addresses) {
    run_plan plan = prepared->plan;
    plan.addresses = addresses;
    for (int r = 0; r < plan.region->reductionCount; ++r) {
        const reduction_plan *reduction = &plan.reductions[r];
        if (filled_by_parts(&plan, reduction)) continue;
        const apus_reduction *it = reduction->reduction;
        apus_reduce_fill(reduction_data(&plan, it), reduction->span, it->operation, it->dtype);
    }
    if (plan.rows * plan.columns == 0) return;
    char *heap = plan.privateBytes > STACK_LIMIT ? malloc(plan.privateBytes) : NULL;
    plan.private = heap != NULL ? heap : plan.privateBytes > 0 ? __builtin_alloca(plan.privateBytes) : NULL;
    apus_run_parts(run_part, &plan, plan.parts);
    if (plan.parts > 1) combine_private(&plan);
    free(heap);
}
