/// Plans fused regions: tiles, parts for threads, registers, and how each operand is read.
#include "region_plan.h"

enum {
    /// Elements times instructions that a thread is worth.
    GRAIN = 16384,
};

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

// MARK: Preparing

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
