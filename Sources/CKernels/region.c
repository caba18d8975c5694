/// Fused pointwise regions, a tile at a time.
#include "strided.h"

enum {
    /// Elements times instructions that a thread is worth.
    GRAIN = 16384,
    /// Sums of float32 go to the result after this many tiles, so that a long sum's error stays small.
    BLOCK_TILES = 16,
    /// Outputs of a reduction that may have such a block.
    BLOCK_LIMIT = 1024,
    /// Bytes taken from the stack; beyond, from the heap.
    STACK_LIMIT = 1 << 18,
    LINE = 64,
};

typedef enum {
    /// Used where it is: data + offset of the tile.
    LOAD_IN_PLACE,
    /// Contiguous, but overwritten too early.
    LOAD_COPY,
    /// One value, or one row over and over: the same for all tiles, brought in once.
    LOAD_ONCE,
    /// A piece of a row whose last stride is 0: one value, until the row changes.
    LOAD_ROW_VALUE,
    /// One row over and over, but another one now and then: a value for each channel of blocked activations.
    LOAD_REPEATED_ROW,
    LOAD_STRIDED,
} load_kind;

typedef struct {
    const apus_reduction *reduction;
    /// The axes but the last, merged: `along` is the innermost of them.
    view rowAxes;
    long along, alongStride, lastStride;
    /// Elements from the first output to the last, inclusive.
    long span;
    /// Rows after which other outputs are reached: 1 where no axis but the last is reduced.
    long unit;
    /// Whether the outputs lie in row-major order without gaps.
    bool dense;
    /// Whether no two parts share an output.
    bool disjoint;
    /// Where parts but the first accumulate when they do share: part p at privateOffset + (p − 1) · privateBytes of
    /// `private`.
    size_t privateOffset, privateBytes;
} reduction_plan;

/// How a region with rows goes through a tile: stage by stage, each block by block.
typedef struct {
    /// Lines of the last axis that make one row; 0 for a region without rows.
    long lines;
    /// Elements that all instructions of a stage run over in turn, so that they stay in the first-level cache.
    long blockElements;
    /// Behind the last instruction of each stage. A stage ends where a row's reduction must be whole.
    int *stageEnds;
    int stageCount;
    /// Bytes from one element of a register to the next; 0 for a register that lives for a block only.
    int *elementStrides;
} row_plan;

typedef struct {
    const apus_region *region;
    long rows, columns;
    /// Whole rows in a tile; 0 when a tile is a piece of a row.
    long tileRows;
    long tileElements;
    /// Where each register lies in a thread's scratch memory, and the bytes of all.
    size_t *registerOffsets;
    size_t scratchBytes;
    row_plan ofRows;
    long parts;
    /// Parts cut columns, else rows at multiples of `unit`.
    bool splitsColumns;
    long unit;
    load_kind *loads;
    /// Whether instructions write straight to a store's memory.
    bool *storesInPlace;
    reduction_plan *reductions;
    /// Bytes of the parts' own results of reductions that they would share.
    size_t privateBytes;
    // Of one run:
    char *private;
    void *const *addresses;
} run_plan;

static const char *load_data(const run_plan *plan, const apus_load *load) {
    return (const char *)plan->addresses[load->storage] + load->offset;
}

static char *store_data(const run_plan *plan, const apus_store *store) { return plan->addresses[store->storage]; }

static char *reduction_data(const run_plan *plan, const apus_reduction *reduction) {
    return plan->addresses[reduction->storage];
}

static size_t rounded_to_lines(size_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }

// MARK: Planning

/// Whether store `s` can be written as its instruction runs: its register is made by an instruction and has one store.
static bool store_in_place(const apus_region *region, int s) {
    int source = region->stores[s].source;
    if (region->stores[s].perRow) return false;
    for (int other = 0; other < s; ++other) {
        if (region->stores[other].source == source) return false;
    }
    for (int i = 0; i < region->instructionCount; ++i) {
        if (region->instructions[i].out == source) return true;
    }
    return false;
}

static bool reads(const apus_instruction *it, int target) {
    return it->a == target || it->b == target || it->c == target;
}

/// Whether a load's memory is written before its last use, by a store to the same place.
static bool is_overwritten(const apus_region *region, const apus_load *load) {
    for (int s = 0; s < region->storeCount; ++s) {
        if (region->stores[s].storage != load->storage || load->offset != 0) continue;
        int i = 0;
        while (i < region->instructionCount && region->instructions[i].out != region->stores[s].source) ++i;
        for (++i; i < region->instructionCount; ++i) {
            if (reads(&region->instructions[i], load->target)) return true;
        }
        for (int other = 0; other < region->storeCount; ++other) {
            if (region->stores[other].source == load->target) return true;
        }
        for (int r = 0; r < region->reductionCount; ++r) {
            if (region->reductions[r].source == load->target) return true;
        }
    }
    return false;
}

/// How many of the first axes run over whole rows: all but the last in a region without rows.
static int outer_rank(const run_plan *plan) {
    int rank = plan->region->rank - 1;
    for (long lines = 1; lines < plan->ofRows.lines; --rank) lines *= plan->region->shape[rank - 1];
    return rank < 0 ? 0 : rank;
}

static load_kind kind_of_load(const run_plan *plan, const apus_load *load) {
    const apus_region *region = plan->region;
    int last = region->rank - 1, outer = outer_rank(plan);
    bool contiguous = true, rowsRepeat = true;
    long expected = 1;
    for (int axis = load->perRow ? outer - 1 : last; axis >= 0; --axis) {
        long extent = region->shape[axis], stride = load->strides[axis];
        if (extent == 1) continue;
        contiguous &= stride == expected;
        rowsRepeat &= axis >= outer || stride == 0;
        expected *= extent;
    }
    if (contiguous) return is_overwritten(region, load) ? LOAD_COPY : LOAD_IN_PLACE;
    if (plan->ofRows.lines > 0) return rowsRepeat ? LOAD_ONCE : LOAD_STRIDED;
    long lastStride = plan->columns == 1 ? 0 : load->strides[last];
    if (rowsRepeat && lastStride == 0) return LOAD_ONCE;
    if (plan->tileRows > 0) {
        bool repeats = last > 0 && load->strides[last - 1] == 0;
        return rowsRepeat ? LOAD_ONCE : repeats ? LOAD_REPEATED_ROW : LOAD_STRIDED;
    }
    return lastStride == 1 ? LOAD_IN_PLACE : lastStride == 0 ? LOAD_ROW_VALUE : LOAD_STRIDED;
}

static reduction_plan plan_of_reduction(const run_plan *plan, const apus_reduction *reduction) {
    const apus_region *region = plan->region;
    int last = region->rank - 1;
    reduction_plan result = {.reduction = reduction, .span = 1, .unit = 1};
    result.rowAxes = merged_view(region->shape, reduction->strides, last < 0 ? 0 : last);
    result.along = result.rowAxes.shape[result.rowAxes.rank - 1];
    result.alongStride = result.rowAxes.strides[result.rowAxes.rank - 1];
    result.lastStride = last < 0 ? 0 : reduction->strides[last];
    long kept = 1, unit = 1;
    result.dense = true;
    for (int axis = last; axis >= 0; --axis) {
        long extent = region->shape[axis], stride = reduction->strides[axis];
        if (axis != last) unit *= extent;
        if (stride == 0) {
            if (axis != last && extent > 1) result.unit = unit;
            continue;
        }
        result.dense &= extent == 1 || stride == kept;
        kept *= extent;
        result.span += (extent - 1) * stride;
    }
    if (kept == 0) result.span = 0;
    return result;
}

/// Chooses what the parts cut, and which reductions they then share.
static void plan_parts(run_plan *plan) {
    const apus_region *region = plan->region;
    long work = plan->rows * plan->columns * (region->instructionCount + region->reductionCount + 1) / 2;
    plan->parts = apus_part_count(work, GRAIN);
    plan->splitsColumns = false;
    plan->unit = plan->ofRows.lines > 0 ? plan->ofRows.lines : 1;
    if (plan->parts == 1) return;
    bool wideResult = false;
    long unit = plan->unit;
    for (int r = 0; r < region->reductionCount; ++r) {
        const reduction_plan *reduction = &plan->reductions[r];
        wideResult |= reduction->unit > 1 && reduction->lastStride != 0 && reduction->span > BLOCK_LIMIT;
        unit = reduction->unit > unit ? reduction->unit : unit;
    }
    plan->splitsColumns = plan->tileRows == 0 && (plan->rows < 4 * plan->parts || wideResult);
    if (!plan->splitsColumns) {
        long units = plan->rows / unit;
        if (units >= 4 * plan->parts || units % plan->parts == 0) plan->unit = unit;
        long pieces = plan->rows / plan->unit;
        plan->parts = plan->parts < pieces ? plan->parts : pieces;
    }
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

/// Gives the parts behind the first their own results where they would share one; returns the bytes of all.
static size_t plan_private(run_plan *plan) {
    size_t bytes = 0;
    for (int r = 0; r < plan->region->reductionCount; ++r) {
        reduction_plan *reduction = &plan->reductions[r];
        if (reduction->disjoint) continue;
        long size = apus_element_sizes[reduction->reduction->dtype];
        reduction->privateBytes = rounded_to_lines((size_t)(reduction->span * size));
        reduction->privateOffset = bytes;
        bytes += reduction->privateBytes * (size_t)(plan->parts - 1);
    }
    return bytes;
}

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

// MARK: Preparing

struct apus_prepared_region {
    apus_region region;
    run_plan plan;
};

/// Takes aligned pieces from a block of memory; with no block it only adds up their sizes.
typedef struct {
    char *block;
    size_t used;
} carver;

static void *carve(carver *carver, const void *content, size_t bytes) {
    char *piece = carver->block == NULL ? NULL : carver->block + carver->used;
    if (piece != NULL && content != NULL) memcpy(piece, content, bytes);
    carver->used += rounded_to_lines(bytes);
    return piece;
}

/// Lays out a prepared region and copies of all that it needs.
static apus_prepared_region *lay_out(const apus_region *region, carver *carver) {
    apus_prepared_region *prepared = carve(carver, NULL, sizeof *prepared);
    size_t row = (size_t)region->rank * sizeof(long);
    apus_region copy = *region;
    copy.shape = carve(carver, region->shape, row);
    copy.instructions =
        carve(carver, region->instructions, (size_t)region->instructionCount * sizeof *region->instructions);
    copy.stores = carve(carver, region->stores, (size_t)region->storeCount * sizeof *region->stores);
    apus_load *loads = carve(carver, region->loads, (size_t)region->loadCount * sizeof *loads);
    apus_reduction *reductions =
        carve(carver, region->reductions, (size_t)region->reductionCount * sizeof *reductions);
    for (int l = 0; l < region->loadCount; ++l) {
        long *strides = carve(carver, region->loads[l].strides, row);
        if (loads != NULL) loads[l].strides = strides;
    }
    for (int r = 0; r < region->reductionCount; ++r) {
        long *strides = carve(carver, region->reductions[r].strides, row);
        if (reductions != NULL) reductions[r].strides = strides;
    }
    copy.loads = loads;
    copy.reductions = reductions;
    run_plan plan = {.rows = 1, .columns = 1, .parts = 1, .unit = 1};
    plan.loads = carve(carver, NULL, (size_t)region->loadCount * sizeof *plan.loads);
    plan.storesInPlace = carve(carver, NULL, (size_t)region->storeCount * sizeof *plan.storesInPlace);
    plan.reductions = carve(carver, NULL, (size_t)region->reductionCount * sizeof *plan.reductions);
    plan.registerOffsets = carve(carver, NULL, (size_t)region->registerCount * sizeof *plan.registerOffsets);
    plan.ofRows.elementStrides =
        carve(carver, NULL, (size_t)region->registerCount * sizeof *plan.ofRows.elementStrides);
    plan.ofRows.stageEnds = carve(carver, NULL, (size_t)region->instructionCount * sizeof *plan.ofRows.stageEnds);
    if (prepared != NULL) *prepared = (apus_prepared_region){copy, plan};
    return prepared;
}

static void plan_tiles(run_plan *plan) {
    const apus_region *region = plan->region;
    for (int axis = 0; axis < region->rank - 1; ++axis) plan->rows *= region->shape[axis];
    if (region->rank > 0) plan->columns = region->shape[region->rank - 1];
    long tileLength = region->tileLength < 1 ? 1 : region->tileLength;
    bool wholeRows = plan->columns <= tileLength || region->rowLength > 0;
    plan->tileRows = wholeRows && plan->columns > 0 ? tileLength / plan->columns : 0;
    if (region->rowLength > 0 && plan->columns > 0) {
        long together = tileLength < region->rowLength ? 1 : tileLength / region->rowLength;
        plan->ofRows.lines = region->rowLength / plan->columns;
        plan->tileRows = together * plan->ofRows.lines;
    }
    plan->tileRows = plan->tileRows < plan->rows ? plan->tileRows : plan->rows;
    plan->tileElements = wholeRows ? plan->tileRows * plan->columns : tileLength;
    plan->ofRows.blockElements = tileLength < region->rowLength ? tileLength : plan->tileElements;
}

// MARK: Preparing rows

/// Cuts the instructions into stages: one begins where a reduction of the stage before is used.
static void plan_stages(row_plan *rows, const apus_region *region) {
    int begin = 0;
    for (int i = 0; i < region->instructionCount; ++i) {
        const apus_instruction *it = &region->instructions[i];
        if (it->kind != APUS_EACH_ROW && it->kind != APUS_EXPAND_ROWS) continue;
        bool waits = false;
        for (int j = begin; j < i; ++j) {
            const apus_instruction *before = &region->instructions[j];
            waits |= before->kind == APUS_REDUCE_ROWS && reads(it, before->out);
        }
        if (!waits) continue;
        rows->stageEnds[rows->stageCount++] = i;
        begin = i;
    }
    rows->stageEnds[rows->stageCount++] = region->instructionCount;
}

/// Finds the registers whose values live for a block only: written before they are read in each stage, and not needed
/// behind the instructions.
static void find_local_registers(const row_plan *rows, const apus_region *region, bool *isLocal) {
    int writtenIn[region->registerCount + 1];
    for (int i = 0; i < region->registerCount; ++i) {
        writtenIn[i] = -1;
        isLocal[i] = true;
    }
    int stage = 0;
    for (int i = 0; i < region->instructionCount; ++i) {
        while (i >= rows->stageEnds[stage]) ++stage;
        const apus_instruction *it = &region->instructions[i];
        if (it->kind == APUS_EACH_ROW) continue;
        bool ofKernel = it->kind == APUS_EACH_ELEMENT;
        const int operands[] = {it->a, ofKernel ? it->b : it->a, ofKernel ? it->c : it->a};
        for (int k = 0; k < 3; ++k) isLocal[operands[k]] &= writtenIn[operands[k]] == stage;
        writtenIn[it->out] = stage;
    }
    for (int s = 0; s < region->storeCount; ++s) isLocal[region->stores[s].source] = false;
    for (int r = 0; r < region->reductionCount; ++r) isLocal[region->reductions[r].source] = false;
}

static bool is_scalar(const apus_region *region, const apus_load *load) {
    for (int axis = 0; axis < region->rank; ++axis) {
        if (region->shape[axis] != 1 && load->strides[axis] != 0) return false;
    }
    return true;
}

/// The distance between the elements of each register, 0 where only a block of them is ever needed.
static void plan_element_strides(run_plan *plan) {
    const apus_region *region = plan->region;
    bool isLocal[region->registerCount + 1];
    find_local_registers(&plan->ofRows, region, isLocal);
    int *strides = plan->ofRows.elementStrides;
    for (int i = 0; i < region->registerCount; ++i) strides[i] = isLocal[i] ? 0 : region->registerElementSize;
    for (int l = 0; l < region->loadCount; ++l) {
        const apus_load *load = &region->loads[l];
        strides[load->target] = is_scalar(region, load) && plan->loads[l] == LOAD_ONCE ? 0 : load->elementSize;
    }
    // What is stored or reduced at the end is then read as dense memory.
    for (int s = 0; s < region->storeCount; ++s) {
        strides[region->stores[s].source] = region->stores[s].elementSize;
    }
    for (int r = 0; r < region->reductionCount; ++r) {
        strides[region->reductions[r].source] = apus_element_sizes[region->reductions[r].dtype];
    }
}

/// Gives each register its place in the scratch memory.
static void plan_registers(run_plan *plan) {
    const apus_region *region = plan->region;
    bool hasRows = plan->ofRows.lines > 0;
    bool perRow[region->registerCount + 1];
    memset(perRow, 0, sizeof perRow);
    for (int l = 0; l < region->loadCount; ++l) perRow[region->loads[l].target] = region->loads[l].perRow;
    for (int i = 0; i < region->instructionCount; ++i) {
        const apus_instruction *it = &region->instructions[i];
        perRow[it->out] |= it->kind == APUS_EACH_ROW || it->kind == APUS_REDUCE_ROWS;
    }
    for (int i = 0; i < region->registerCount; ++i) {
        long elements = plan->tileElements;
        if (perRow[i]) {
            elements = plan->tileRows / plan->ofRows.lines;
        } else if (hasRows && plan->ofRows.elementStrides[i] == 0) {
            elements = plan->ofRows.blockElements;
        }
        plan->registerOffsets[i] = plan->scratchBytes;
        plan->scratchBytes += rounded_to_lines((size_t)elements * (size_t)region->registerElementSize);
    }
}

apus_prepared_region *apus_region_prepare(const apus_region *region) {
    carver sizes = {NULL, 0};
    lay_out(region, &sizes);
    carver block = {aligned_alloc(LINE, sizes.used), 0};
    if (block.block == NULL) return NULL;
    apus_prepared_region *prepared = lay_out(region, &block);
    run_plan *plan = &prepared->plan;
    plan->region = region = &prepared->region;

    plan_tiles(plan);
    for (int r = 0; r < region->reductionCount; ++r) {
        plan->reductions[r] = plan_of_reduction(plan, &region->reductions[r]);
    }
    if (plan->rows * plan->columns > 0) plan_parts(plan);
    for (int r = 0; r < region->reductionCount; ++r) {
        reduction_plan *reduction = &plan->reductions[r];
        reduction->disjoint = plan->parts <= 1 || (plan->splitsColumns ? reduction->lastStride != 0
                                                                       : reduction->unit <= plan->unit);
    }
    for (int l = 0; l < region->loadCount; ++l) plan->loads[l] = kind_of_load(plan, &region->loads[l]);
    if (plan->ofRows.lines > 0) {
        plan_stages(&plan->ofRows, region);
        plan_element_strides(plan);
    }
    plan_registers(plan);
    for (int s = 0; s < region->storeCount; ++s) plan->storesInPlace[s] = store_in_place(region, s);
    plan->privateBytes = plan_private(plan);
    return prepared;
}

void apus_region_free(apus_prepared_region *prepared) { free(prepared); }

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
