/// The vector kernels of the CPU engine, in plain C that the compiler vectorizes for each level of x86-64.
///
/// Conventions, unless a function says otherwise:
/// - Arrays are contiguous, row-major and aligned to their element. Strides count elements, never bytes.
/// - `dtype` and `operation` are the numbers of the enums below.
/// - Work ranges `begin..<end` let callers split a kernel over threads with `apus_parallel`; ranges never share an
///   output.
/// - Integers wrap on overflow. A bool is one byte, 0 or 1.
/// - Nothing here allocates but sorting, preparing a region and, for a few wide reductions, running one.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Numbers: the raw values of the Swift enums of the same names in ApusGraph, in the same order.

/// `DType`
enum {
    APUS_FLOAT32, APUS_BFLOAT16, APUS_FLOAT16, APUS_FLOAT64, APUS_INT32, APUS_INT64, APUS_UINT8, APUS_BOOL,
    APUS_DTYPE_COUNT
};

/// `UnaryOperation`
enum {
    APUS_NEGATE, APUS_ABSOLUTE, APUS_SIGN,
    APUS_EXP, APUS_EXPM1, APUS_LOG, APUS_LOG1P, APUS_SQRT, APUS_RSQRT, APUS_RECIPROCAL,
    APUS_SIN, APUS_COS, APUS_TAN, APUS_ASIN, APUS_ACOS, APUS_ATAN,
    APUS_SINH, APUS_COSH, APUS_TANH, APUS_ASINH, APUS_ACOSH, APUS_ATANH,
    APUS_ERF, APUS_ERFINV, APUS_SIGMOID, APUS_RELU,
    APUS_FLOOR, APUS_CEIL, APUS_ROUND, APUS_TRUNCATE,
    APUS_NOT,
    APUS_IS_NAN, APUS_IS_INFINITE, APUS_IS_FINITE,
    APUS_UNARY_COUNT
};

/// `BinaryOperation`
enum {
    APUS_ADD, APUS_SUBTRACT, APUS_MULTIPLY, APUS_DIVIDE, APUS_POWER, APUS_BINARY_MAXIMUM, APUS_BINARY_MINIMUM,
    APUS_FLOOR_DIVIDE, APUS_REMAINDER, APUS_ATAN2, APUS_AND, APUS_OR, APUS_XOR, APUS_SHIFT_LEFT, APUS_SHIFT_RIGHT,
    APUS_BINARY_COUNT
};

/// `Comparison`
enum {
    APUS_EQUAL, APUS_NOT_EQUAL, APUS_LESS, APUS_LESS_EQUAL, APUS_GREATER, APUS_GREATER_EQUAL, APUS_COMPARISON_COUNT
};

/// `Reduction` and `Scan`
enum { APUS_SUM, APUS_PRODUCT, APUS_MAXIMUM, APUS_MINIMUM, APUS_REDUCTION_COUNT };

/// `ArgReduction`
enum { APUS_ARG_MAXIMUM, APUS_ARG_MINIMUM };

/// `ScatterMode`
enum { APUS_SCATTER_ADD, APUS_SCATTER_REPLACE };

/// `Distribution`
enum { APUS_UNIFORM, APUS_NORMAL, APUS_BITS };

/// `PoolingKind`
enum { APUS_POOL_MAXIMUM, APUS_POOL_AVERAGE };

/// The greatest rank of a strided view or of a region, after the caller merged what axes it can.
enum { APUS_MAXIMUM_RANK = 8 };

// MARK: Threads (parallel.c)

/// How many threads a parallel loop may use; at first what OpenMP offers (OMP_NUM_THREADS or the processors).
long apus_thread_count(void);

/// Sets the threads of later loops, here and in oneDNN where it is called from the same thread.
void apus_set_thread_count(long count);

/// From now on each worker of a loop stays on a processor of its own; the caller of the loop stays free.
void apus_pin_threads(void);

/// Runs `body` over 0..<count, cut into one contiguous range for each thread of at least `grain` items.
///
/// Which range a part gets depends on nothing but `count`, `grain` and the thread count. One part is called in place,
/// and
/// so is a loop inside a loop. Returns when all is done. `body` is not called when `count` is 0.
void apus_parallel(void (*body)(void *context, long begin, long end), void *context, long count, long grain);

// MARK: Pointwise (unary.c, binary.c, select.c, cast.c)

/// `out[i] = f(a[i], b[i], c[i])` for i in 0..<n. `out` may be exactly `a`, `b` or `c` when the elements have one
/// size; any other overlap
/// is wrong. Operands that `f` does not have are ignored.
typedef void (*apus_kernel)(void *out, const void *a, const void *b, const void *c, long n);

/// The kernel of a `UnaryOperation`, or NULL where it is undefined.
///
/// Defined on float32 and float64, and on int32, int64, uint8 and bool where integers have the operation (rounding
/// copies, predicates give
/// bools). `sign` keeps NaN and ±0.
apus_kernel apus_unary_kernel(int operation, int dtype);

/// The kernel of a `BinaryOperation`, or NULL where it is undefined.
///
/// On integers: dividing by 0 gives 0, INT_MIN / −1 wraps, a shift by the width or more gives what all bits shifted
/// out leave, a
/// negative power gives 0 unless the base is ±1. On bool: add is or, multiply is and, maximum, minimum, and, or, xor.
apus_kernel apus_binary_kernel(int operation, int dtype);

/// The kernel of a `Comparison`, whose result is bool; float32, float64 and all integers and bool.
apus_kernel apus_compare_kernel(int comparison, int dtype);

/// `out[i] = a[i] ? b[i] : c[i]`, where `a` is bool; every dtype.
apus_kernel apus_select_kernel(int dtype);

/// Conversion between any two dtypes. To bool: x ≠ 0. Float to integer: toward zero, NaN gives 0, out of range gives
/// the nearest bound.
/// Integer to integer wraps. To a narrower float: to nearest, ties to even.
apus_kernel apus_cast_kernel(int from, int to);

// MARK: Reductions (reduce.c): float32, float64, int32, int64, uint8, bool (where sum is any, product and minimum are
// all)

/// `out[0..<n]` becomes the identity: 0, 1, −∞ or the least integer, ∞ or the greatest.
void apus_reduce_fill(void *out, long n, int operation, int dtype);

/// `out[i] = out[i] ∘ x[i]`. Maximum and minimum return NaN when either is NaN.
void apus_combine(void *out, const void *x, long n, int operation, int dtype);

/// `out[r] = out[r] ∘ (x[r, 0] ∘ x[r, 1] ∘ …)` for x: [rows, columns]. Sums run in 64 partial sums, so the error
/// grows slowly.
void apus_reduce_rows(void *out, const void *x, long rows, long columns, int operation, int dtype);

/// `out[c] = out[c] ∘ (x[0, c] ∘ x[1, c] ∘ …)` for x: [rows, columns].
void apus_reduce_columns(void *out, const void *x, long rows, long columns, int operation, int dtype);

/// Index of the first extreme of x: [outer, extent, inner] along the middle axis, for positions `begin..<end` of
/// outer × inner; `out` is the
/// whole result. NaN counts as extreme. Every dtype; extent > 0.
void apus_arg_reduce(
    int64_t *out, const void *x, long outer, long extent, long inner, int operation, int dtype, long begin, long end);

// MARK: Movement (copy.c); elements of 1, 2, 4 or 8 bytes

/// Elements `begin..<end`, in row-major order of `shape`, of the view that starts at `x`; strides may be 0 or negative.
/// `out[0]` receives element `begin`. Rank 0 has one element.
void apus_strided_copy(
    void *out, const void *x, const long *shape, const long *strides, int rank, int elementSize, long begin, long end);

/// The reverse: `x[0]` becomes element `begin` of the view that starts at `out`; the view's elements must not overlap.
void apus_strided_store(
    void *out, const void *x, const long *shape, const long *strides, int rank, int elementSize, long begin, long end);

/// `out[0..<n]` becomes `*value`.
void apus_fill(void *out, const void *value, int elementSize, long n);

/// `out[r, c] = values[r]` for out: [rows, columns].
void apus_expand_rows(void *out, const void *values, long rows, long columns, int elementSize);

/// `out[i] = begin + i` for i in 0..<n; every dtype but bool.
void apus_iota(void *out, long begin, long n, int dtype);

// MARK: Indexing (index.c). Return 0, or 1 when an index was outside 0..<extent: that slice is then left out.

/// x: [outer, extent, inner], indices: [count] → out: [outer, count, inner]. Range over outer × count.
int apus_gather(
    void *out, const void *x, const int64_t *indices, long outer, long extent, long inner, long count, int elementSize,
    long begin, long end);

/// updates: [outer, count, inner] into out: [outer, extent, inner], which holds the base. Range over outer × inner.
/// Later updates come later, so the result depends neither on ranges nor on threads.
int apus_scatter(
    void *out, const int64_t *indices, const void *updates, long outer, long extent, long inner, long count, int mode,
    int dtype, long begin, long end);

/// x: [outer, extent, inner], indices: [outer, count, inner] → out: [outer, count, inner]. Range over outer × count.
int apus_gather_elements(
    void *out, const void *x, const int64_t *indices, long outer, long extent, long inner, long count, int elementSize,
    long begin, long end);

/// updates and indices: [outer, count, inner] into out: [outer, extent, inner], which holds the base. Range over
/// outer × inner.
int apus_scatter_elements(
    void *out, const int64_t *indices, const void *updates, long outer, long extent, long inner, long count, int mode,
    int dtype, long begin, long end);

// MARK: Order (sort.c, scan.c)

/// Each row of x: [rows, n] in order; stable, NaN last either way. Every dtype. `out` may be `x`.
void apus_sort(void *out, const void *x, long rows, long n, int descending, int dtype);

/// The permutation that sorts each row: out: [rows, n].
void apus_argsort(int64_t *out, const void *x, long rows, long n, int descending, int dtype);

/// Inclusive running reduction of x: [outer, extent, inner] along the middle axis, for lanes `begin..<end` of outer ×
/// inner; from the end
/// when `reverse`. float32, float64, int32, int64, uint8, bool. `out` and `x` are the whole arrays and may be the same.
void apus_scan(
    void *out, const void *x, long outer, long extent, long inner, int operation, int reverse, int dtype, long begin,
    long end);

// MARK: Pooling (pool.c); float32 and float64

/// A window sliding over (depth, height, width); axes that there are not have extent, window and stride 1 and padding
/// 0.
typedef struct {
    /// APUS_POOL_MAXIMUM or APUS_POOL_AVERAGE.
    int kind;
    int dtype;
    /// Whether an average divides by the window's whole size, or by its elements inside the input.
    int countsPadding;
    long batch, channels;
    /// Depth, height, width.
    long inputSize[3], outputSize[3], window[3], stride[3];
    /// Elements before the first.
    long padding[3];
    /// Element strides of batch, channel, depth, height, width, of x (and its gradient) and of y (and its gradient).
    long xStrides[5], yStrides[5];
} apus_pooling;

/// How many items the range of a pooling kernel runs over: `batch` when there are several channels and both channel
/// strides are 1, else `batch × channels`.
long apus_pool_count(const apus_pooling *pooling);

/// y = pool(x). A maximum ignores padding; NaN counts as greatest.
void apus_pool(const apus_pooling *pooling, void *y, const void *x, long begin, long end);

/// dx = Σ over the windows that hold an element of its share of dy; what `dx` held is overwritten.
/// `x` is read for a maximum only, with the strides of dx; the first greatest element of a window gets all.
void apus_pool_gradient(
    const apus_pooling *pooling, void *dx, const void *dy, const void *x, long begin, long end);

// MARK: Softmax (softmax.c); float32 and float64

/// `exp(x) / Σ exp(x)` over each row of [rows, columns], or its logarithm. `out` may be `x`.
void apus_softmax(void *out, const void *x, long rows, long columns, int logarithm, int dtype);

// MARK: Recurrent sequences (recurrent.c); float32 and float64

/// `RecurrentUnit`
enum { APUS_RNN_TANH, APUS_RNN_RELU, APUS_GRU, APUS_LSTM };

/// A cell run along a sequence. It has 1 gate (tanh, ReLU), 3 (GRU: r, z, n) or 4 (LSTM: i, f, g, o).
typedef struct {
    int cell, dtype;
    long steps, batch, hidden;
    /// Element strides of step and row, of the projected inputs (steps, batch, gates · hidden) and of the outputs' gradient
    /// (steps, batch, hidden). Both have dense rows.
    long projectedStrides[2], gradientStrides[2];
} apus_recurrence;

typedef struct {
    long begin, end;
} apus_range;

/// What one call computes. Rows of the batch need nothing of each other; of one step, panels need nothing of each other.
typedef struct {
    apus_range steps, rows, panels;
} apus_recurrence_part;

/// How many panels of units the packed weights have, which are packed apart from each other; and their elements.
long apus_recurrence_panel_count(const apus_recurrence *recurrence, int backward);
long apus_recurrence_packed_count(const apus_recurrence *recurrence, int backward);

/// Brings panels `begin..<end` of the weight (gates · hidden, hidden) into the order in which `apus_recurrence_run`, or
/// `apus_recurrence_gradient` with `backward`, reads them.
void apus_recurrence_pack(
    const apus_recurrence *recurrence, void *packed, const void *weight, int backward, long begin, long end);

/// Writes the state at first, `hidden` and `cell` (batch, hidden), to its place in `result`.
void apus_recurrence_start(const apus_recurrence *recurrence, void *result, const void *hidden, const void *cell);

/// Steps in order. `result` receives LSTM's cell states (steps + 1, batch, hidden), the first of them that before the first step; the
/// hidden states likewise; and what the gradient needs, each (steps, batch, hidden): LSTM's gates i, f, g, o, or GRU's r, z, n and
/// the hidden state's part of n. `bias` (gates · hidden) belongs to the hidden state's part of the gates.
void apus_recurrence_run(
    const apus_recurrence *recurrence, void *result, const void *projected, const void *packed, const void *bias,
    apus_recurrence_part part);

/// The gradients, from that of the outputs and, for LSTM, of the last cell state (batch, hidden): steps from the last to −1, which is the
/// state at first.
/// `out` receives those of the projected inputs (steps, batch, gates · hidden); for GRU then those of the hidden state's part of the
/// gates, of the same shape; and those of the state at first: hidden and, for LSTM, cell.
void apus_recurrence_gradient(
    const apus_recurrence *recurrence, void *out, const void *result, const void *gradient, const void *cellGradient,
    const void *packed, apus_recurrence_part part);

// MARK: Matrix products (matmul.c)

/// Rows `begin..<end` (counted over batch × m) of `out[batch, i, j] = Σ_p a[batch, i, p] · b[batch, p, j]`; out is
/// dense, and strides are
/// those of (batch, row, column).
void apus_matmul_f64(
    double *out, const double *a, const double *b, long m, long n, long k, const long *aStrides, const long *bStrides,
    long begin, long end);

// MARK: Windows of pictures (windows.c)

/// How the windows of a convolution lie on channels-last pictures; arrays are (rows, columns).
typedef struct {
    /// The picture's extents, and how many windows there are along each.
    long size[2], positions[2];
    long channels;
    /// Elements before the first are zeros.
    long kernel[2], stride[2], padding[2], dilation[2];
    int elementSize;
} apus_windows;

/// Rows `begin..<end` of out: [pictures · positions, kernel · channels], from the pictures x. `out[0]` is row `begin`'s.
void apus_gather_windows(const apus_windows *windows, void *out, const void *x, long begin, long end);

/// The transpose: each element of the pictures' lines `begin..<end` (counted over pictures · rows) is the sum of where it stands
/// in `columns`, which is whole. `dx[0]` is line `begin`'s.
void apus_sum_windows(const apus_windows *windows, float *dx, const float *columns, long begin, long end);

// MARK: Random numbers (random.c)

/// Elements `begin..<end` of an endless stream that depends on `key` only; `begin` is a multiple of 4, `out[0]` is
/// element `begin`.
///
/// Four elements 4c … 4c+3 come from Philox4x32-10 with key words (low, high half of `key`) and counter words
/// (low, high half of c, b, 0), where b is 0, and 1 for the second half of 64-bit elements. With the block's words r₀
/// … r₃:
/// - bits (int32): element 4c+j is rⱼ.
/// - uniform float32: (rⱼ >> 8) · 2⁻²⁴.
/// - uniform float64: elements 4c+2b and 4c+2b+1 are (w >> 11) · 2⁻⁵³ with w = r₁·2³² + r₀ and r₃·2³² + r₂ of block b.
/// - normal float32: elements 4c+2p and 4c+2p+1 are ρ cos 2πt and ρ sin 2πt with ρ = √(−2 ln u),
///   u = ((r₂ₚ >> 8) + 1) · 2⁻²⁴, t = (r₂ₚ₊₁ >> 8) · 2⁻²⁴.
/// - normal float64: elements 4c+2b and 4c+2b+1 the same with u = ((r₁·2³² + r₀ >> 11) + 1) · 2⁻⁵³ and t = (r₃·2³² +
///   r₂ >> 11) · 2⁻⁵³ of block b.
void apus_random(void *out, int64_t key, int distribution, int dtype, long begin, long end);

// MARK: Fused regions (region_plan.c, region.c)

/// Brings memory into a register. Memory that lies as the tile does is used where it is, without a copy.
typedef struct {
    /// Which of the addresses that a run is given, and where the first element is from there, in bytes.
    long storage, offset;
    /// One for each axis of the region; 0 repeats.
    const long *strides;
    int elementSize;
    /// No instruction may write it, and no other load.
    int target;
    /// Whether the target holds one value a row; the strides of the row's own axes are then 0.
    int perRow;
} apus_load;

/// What an instruction does with the rows of a tile.
enum {
    /// The kernel on all of the tile's elements.
    APUS_EACH_ELEMENT,
    /// The kernel on registers that hold one value a row.
    APUS_EACH_ROW,
    /// `out[row] = a[row, 0] ∘ a[row, 1] ∘ …` with the reduction and dtype of the instruction.
    APUS_REDUCE_ROWS,
    /// `out[row, i] = a[row]` with elements of the instruction's dtype.
    APUS_EXPAND_ROWS,
};

/// `registers[out] = kernel(registers[a], registers[b], registers[c])`; operands not used are any valid register, say
/// 0.
/// `out` may be an operand when the elements have one size. A register holds either elements or one value a row.
typedef struct {
    apus_kernel kernel;
    int out, a, b, c;
    /// APUS_EACH_ELEMENT …; the others need a region with rows.
    int kind;
    /// APUS_SUM …, where rows are reduced.
    int reduction;
    int dtype;
} apus_instruction;

/// Writes a register's last value to contiguous memory in the region's row-major order.
/// The memory may be exactly that of a contiguous load of the same element size, but must not overlap any other load.
/// Every value that a stored register holds, even for a while, has `elementSize`.
typedef struct {
    long storage;
    int elementSize;
    int source;
    /// Whether the source holds one value a row; the memory then holds as many values as there are rows.
    int perRow;
} apus_store;

/// Reduces a register's last value over the axes whose stride is 0; the memory is overwritten.
typedef struct {
    long storage;
    /// Element strides of the output, one for each axis of the region, 0 where it is reduced, not negative; the last
    /// is 0 or 1.
    const long *strides;
    int dtype;
    /// APUS_SUM …
    int operation;
    int source;
} apus_reduction;

/// A fused loop over a row-major space: for each tile, loads, then instructions in order, then stores and reductions.
///
/// A tile is a piece of one row (the last axis) or several whole rows, of at most `tileLength` elements; each register
/// holds the tile's elements of one value.
///
/// A region with rows (`rowLength` > 0) can reduce each row and use the result again for the row's elements. Its tiles
/// are whole rows, one where a row is longer than `tileLength`. Instructions form stages: one begins where a reduction
/// of the stage before is used. Within a stage those on row values come first, and no register of row values is written
/// twice; the others run over a block of elements in turn.
typedef struct {
    /// rank ≤ APUS_MAXIMUM_RANK entries. The caller merges axes where all strides allow it: long last axes run fastest.
    const long *shape;
    const apus_load *loads;
    const apus_instruction *instructions;
    const apus_store *stores;
    const apus_reduction *reductions;
    int rank;
    int loadCount, instructionCount, storeCount, reductionCount;
    int registerCount;
    /// Bytes of the widest element that a register holds.
    int registerElementSize;
    /// About 1024.
    int tileLength;
    /// Elements of a row: the product of the last axes, at least one of them; 0 for a region without rows.
    long rowLength;
} apus_region;

/// A region with everything worked out that doesn't depend on where its memory lies.
typedef struct apus_prepared_region apus_prepared_region;

/// Prepares a region for the threads that there are now. Copies all that `region` points to. NULL when memory runs out.
apus_prepared_region *apus_region_prepare(const apus_region *region);

void apus_region_free(apus_prepared_region *prepared);

/// Runs a prepared region; several threads may run one at once. `addresses[s]` is where storage `s` lies.
/// The result of a reduction depends on the thread count that the region was prepared with, but on nothing else.
void apus_region_run(const apus_prepared_region *prepared, void *const *addresses);

// MARK: Matrix times vector (matvec.c)

/// `out[i] = Σ_p matrix[i, p] · x[p]` for n rows of k; one of the matrix's strides is 1. On as many threads as it is worth.
void apus_matvec_f32(float *out, const float *matrix, const float *x, long n, long k, long rowStride, long columnStride);

// MARK: Attention (attention.c): softmax(q kᵀ · scale + mask) v

/// How a matrix of each head lies, in elements: batch axes, rows (queries or keys), columns (features, or keys of a mask).
typedef struct {
    long batch[APUS_MAXIMUM_RANK];
    long row, column;
} apus_matrix;

typedef struct {
    /// Of all operands and results: float32, float64, or bfloat16, which is computed as float32 and whose mask is float32.
    int dtype;
    /// Whether query i sees keys 0 … i only.
    int isCausal;
    double scale;
    long queries, keys, features, valueFeatures;
    /// Heads: any axes before the last two.
    int batchRank;
    long batchShape[APUS_MAXIMUM_RANK];
    /// At most so many threads work at a time.
    long parts;
    /// `gradient` is the result's.
    apus_matrix query, key, value, mask, result, gradient, queryGradient, keyGradient, valueGradient;
} apus_attention;

/// Addresses; NULL where there is no mask, and for gradients that aren't wanted.
typedef struct {
    const void *query, *key, *value, *mask, *gradient;
    void *result, *queryGradient, *keyGradient, *valueGradient;
} apus_attention_operands;

/// Bytes of scratch memory.
long apus_attention_scratch(const apus_attention *attention, int isGradient);

/// A query that sees no key (every score −∞) gets 0.
void apus_attend(const apus_attention *attention, const apus_attention_operands *operands, void *scratch);

/// The gradients by query, key and value.
void apus_attend_gradient(const apus_attention *attention, const apus_attention_operands *operands, void *scratch);

// MARK: Fourier transforms (fft.c)

/// The tables of transforms of one length, which any number of threads may use.
typedef struct apus_fft_plan apus_fft_plan;

/// For float32 or float64; to be freed.
apus_fft_plan *apus_fft_plan_make(long n, int dtype);
void apus_fft_plan_free(apus_fft_plan *plan);

/// In the order of `FourierTransform.Kind`.
enum { APUS_FFT_FORWARD, APUS_FFT_INVERSE, APUS_FFT_REAL_FORWARD, APUS_FFT_REAL_INVERSE };

/// `outer · inner` lines and how they lie, in elements: from line to line of both axes, and from one number of a line to the next. A
/// complex number's parts are next to each other.
typedef struct {
    long outer, inner;
    long outOuterStep, outInnerStep, outStep;
    long inOuterStep, inInnerStep, inStep;
} apus_fft_lines;

/// Transforms all lines, on as many threads as they are worth.
void apus_fft(const apus_fft_plan *plan, int kind, void *out, const void *in, const apus_fft_lines *lines);

// MARK: Word vectors (word_vectors.c)

/// Predicts words from words. Rows are `stride` floats apart, a multiple of 16; what is over the dimension is 0 and stays so.
typedef struct {
    /// A row for each word, then one for each bucket of n-grams.
    float *inputs;
    /// A row for each word, or for each inner node of the tree.
    float *outputs;
    long stride;
    long wordCount;
    /// Words before and after that are looked at; each place draws a reach from 1 to this.
    long window;
    /// Whether a word is predicted from those around it together, rather than each of them from it.
    int isCBOW;
    /// Whether the mean of all rows predicts, rather than their sum.
    int takesMean;
    /// The rows that make up a word's vector: `inputRows[inputStarts[word]] …`, at most `mostRows` of them; NULL where that is its own alone.
    const int64_t *inputStarts;
    const int32_t *inputRows;
    long mostRows;
    /// Negative sampling: how many words are drawn, and the alias table for drawing.
    long negatives;
    const uint32_t *aliasThresholds;
    const int32_t *aliases;
    /// Hierarchical softmax: the nodes on the way to a word, and which way it goes there; NULL for negative sampling.
    const int64_t *pathStarts;
    const int32_t *pathNodes;
    const float *pathLabels;
    long longestPath;
    /// How probably an occurrence of a word is kept, times 2³²; NULL where all are.
    const uint32_t *keep;
} apus_word_model;

/// The summed loss of so many predictions.
typedef struct {
    double loss;
    long predictions;
} apus_word_progress;

/// One pass over tokens; −1 ends a sentence. Threads share the rows without locks.
apus_word_progress
apus_word_train(const apus_word_model *model, const int32_t *tokens, long count, float rate, uint64_t seed);

/// One step along the gradient of `L = −Σₖ log σ(±outputs[targets[k]] · v)`, where v is the sum or mean of the bag's rows and the sign
/// is + where the label is 1, − where it is 0. Gives the loss.
float apus_word_step(
    const apus_word_model *model, const int32_t *bag, long bagCount, const int32_t *targets, const float *labels,
    long targetCount, float rate);

/// Vectors whose products are the logarithms of co-occurrence counts, with AdaGrad's sums of squares for each.
typedef struct {
    float *words, *contexts, *wordSquares, *contextSquares;
    long stride;
    float *wordBiases, *contextBiases, *wordBiasSquares, *contextBiasSquares;
} apus_count_model;

/// Two words, the logarithm of their count, and its weight in the loss.
typedef struct {
    int32_t word, context;
    float logarithm, weight;
} apus_word_pair;

/// A step of AdaGrad for each pair, along the gradient of `½ weight (wᵢ · w̃ⱼ + bᵢ + b̃ⱼ − logarithm)²`. Threads share the rows without locks.
apus_word_progress
apus_count_train(const apus_count_model *model, const apus_word_pair *pairs, long count, float rate);

// Yardsticks

/// Runs `iterations` turns of a loop of float32 multiply–adds in registers on every thread; gives how many operations
/// that were in all, two for each multiply–add.
long apus_peak_multiply_adds(long iterations);

/// The same of products of bfloat16 summed in float32: by AMX's tiles or AVX-512's dot products, whichever is the best
/// that the processor has, and by float32 multiply–adds where it has neither. The number of turns is a hint.
long apus_peak_bfloat16(long iterations);

/// Copies memory on every thread.
void apus_peak_copy(void *to, const void *from, long byteCount);

#ifdef __cplusplus
}
#endif
