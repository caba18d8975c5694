/// How a fused region will run: made once by region_plan.c, read by region.c at each run.
#pragma once
#include "strided.h"

enum {
    /// Outputs of a reduction that a part may sum in a block of its own before they go to the result.
    BLOCK_LIMIT = 1024,
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

struct apus_prepared_region {
    apus_region region;
    run_plan plan;
};

static inline size_t rounded_to_lines(size_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }

/// How many of the first axes run over whole rows: all but the last in a region without rows.
static inline int outer_rank(const run_plan *plan) {
    int rank = plan->region->rank - 1;
    for (long lines = 1; lines < plan->ofRows.lines; --rank) lines *= plan->region->shape[rank - 1];
    return rank < 0 ? 0 : rank;
}
