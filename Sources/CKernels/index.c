/// Gathering and scattering by index.
#include "internal.h"

int apus_gather(
    void *out, const void *x, const int64_t *indices, long outer, long extent, long inner, long count, int elementSize,
    long begin, long end) {
    size_t bytes = (size_t)(inner * elementSize);
    int failed = 0;
    for (long at = begin; at < end;) {
        const char *block = (const char *)x + (size_t)(at / count * extent) * bytes;
        long last = (at / count + 1) * count;
        for (long k = at % count; at < end && at < last; ++at, ++k) {
            int64_t index = indices[k];
            if (index < 0 || index >= extent) {
                failed = 1;
                continue;
            }
            const char *from = block + (size_t)index * bytes;
            char *to = (char *)out + (size_t)at * bytes;
            // Sizes that the compiler knows need no call.
            switch (bytes) {
            case 4: memcpy(to, from, 4); break;
            case 8: memcpy(to, from, 8); break;
            default: memcpy(to, from, bytes);
            }
        }
    }
    return failed;
}

#define GATHER_ELEMENTS(name, type)                                                                           \
    static int name(                                                                                          \
        type *out, const type *x, const int64_t *indices, long extent, long inner, long count, long begin, long end) { \
        int failed = 0;                                                                                       \
        for (long at = begin; at < end; ++at) {                                                               \
            const type *block = x + at / count * extent * inner;                                              \
            for (long k = 0; k < inner; ++k) {                                                                \
                int64_t index = indices[at * inner + k];                                                      \
                bool valid = index >= 0 && index < extent;                                                    \
                failed |= !valid;                                                                             \
                if (valid) out[at * inner + k] = block[index * inner + k];                                    \
            }                                                                                                 \
        }                                                                                                     \
        return failed;                                                                                        \
    }

GATHER_ELEMENTS(gather_elements_1, uint8_t)
GATHER_ELEMENTS(gather_elements_2, uint16_t)
GATHER_ELEMENTS(gather_elements_4, uint32_t)
GATHER_ELEMENTS(gather_elements_8, uint64_t)

int apus_gather_elements(
    void *out, const void *x, const int64_t *indices, long outer, long extent, long inner, long count, int elementSize,
    long begin, long end) {
    switch (elementSize) {
    case 1: return gather_elements_1(out, x, indices, extent, inner, count, begin, end);
    case 2: return gather_elements_2(out, x, indices, extent, inner, count, begin, end);
    case 4: return gather_elements_4(out, x, indices, extent, inner, count, begin, end);
    default: return gather_elements_8(out, x, indices, extent, inner, count, begin, end);
    }
}

// MARK: Scatter

#define PLUS(x, y) ((x) + (y))
#define OR(x, y) ((x) | (y))
#define PLUS_BFLOAT16(x, y) bfloat16_of_float(float_of_bfloat16(x) + float_of_bfloat16(y))
#define PLUS_FLOAT16(x, y) float16_of_float(float_of_float16(x) + float_of_float16(y))
#define LATTER(x, y) ((void)(x), (y))

/// Lanes begin ..< end of outer × inner. Each lane takes its updates in order, whoever has the other lanes.
/// With one index for a whole slice, `indices` has `count` entries; else one for each update.
#define SCATTER(name, type, combine)                                                                          \
    APUS_CLONES static int name##_slices(                                                                     \
        type *out, const int64_t *indices, const type *updates, long extent, long inner, long count, long begin, \
        long end) {                                                                                           \
        int failed = 0;                                                                                       \
        for (long at = begin; at < end;) {                                                                    \
            long o = at / inner, first = at % inner;                                                          \
            long lanes = inner - first < end - at ? inner - first : end - at;                                 \
            for (long k = 0; k < count; ++k) {                                                                \
                int64_t index = indices[k];                                                                   \
                if (index < 0 || index >= extent) {                                                           \
                    failed = 1;                                                                               \
                    continue;                                                                                 \
                }                                                                                             \
                type *to = out + (o * extent + index) * inner + first;                                        \
                const type *from = updates + (o * count + k) * inner + first;                                 \
                APUS_VECTORIZE for (long lane = 0; lane < lanes; ++lane) {                                    \
                    type x = to[lane], y = from[lane];                                                        \
                    to[lane] = (type)combine(x, y);                                                           \
                }                                                                                             \
            }                                                                                                 \
            at += lanes;                                                                                      \
        }                                                                                                     \
        return failed;                                                                                        \
    }                                                                                                         \
                                                                                                              \
    static int name##_elements(                                                                               \
        type *out, const int64_t *indices, const type *updates, long extent, long inner, long count, long begin, \
        long end) {                                                                                           \
        int failed = 0;                                                                                       \
        for (long at = begin; at < end;) {                                                                    \
            long o = at / inner, first = at % inner;                                                          \
            long lanes = inner - first < end - at ? inner - first : end - at;                                 \
            for (long k = 0; k < count; ++k) {                                                                \
                long row = (o * count + k) * inner + first;                                                   \
                for (long lane = 0; lane < lanes; ++lane) {                                                   \
                    int64_t index = indices[row + lane];                                                      \
                    bool valid = index >= 0 && index < extent;                                                \
                    failed |= !valid;                                                                         \
                    if (!valid) continue;                                                                     \
                    type *to = out + (o * extent + index) * inner + first + lane;                             \
                    type x = *to, y = updates[row + lane];                                                    \
                    *to = (type)combine(x, y);                                                                \
                }                                                                                             \
            }                                                                                                 \
            at += lanes;                                                                                      \
        }                                                                                                     \
        return failed;                                                                                        \
    }

SCATTER(add_f32, float, PLUS)
SCATTER(add_f64, double, PLUS)
SCATTER(add_bf16, bfloat16_bits, PLUS_BFLOAT16)
SCATTER(add_f16, float16_bits, PLUS_FLOAT16)
SCATTER(add_i32, uint32_t, PLUS)
SCATTER(add_i64, uint64_t, PLUS)
SCATTER(add_u8, uint8_t, PLUS)
SCATTER(add_bool, uint8_t, OR)
SCATTER(replace_1, uint8_t, LATTER)
SCATTER(replace_2, uint16_t, LATTER)
SCATTER(replace_4, uint32_t, LATTER)
SCATTER(replace_8, uint64_t, LATTER)

/// Chooses the kernel by mode and dtype; `form` is slices or elements.
#define DISPATCH(form)                                                                                        \
    if (mode == APUS_SCATTER_REPLACE) {                                                                       \
        switch (apus_element_sizes[dtype]) {                                                                  \
        case 1: return replace_1_##form(out, indices, updates, extent, inner, count, begin, end);             \
        case 2: return replace_2_##form(out, indices, updates, extent, inner, count, begin, end);             \
        case 4: return replace_4_##form(out, indices, updates, extent, inner, count, begin, end);             \
        default: return replace_8_##form(out, indices, updates, extent, inner, count, begin, end);            \
        }                                                                                                     \
    }                                                                                                         \
    switch (dtype) {                                                                                          \
    case APUS_FLOAT32: return add_f32_##form(out, indices, updates, extent, inner, count, begin, end);        \
    case APUS_BFLOAT16: return add_bf16_##form(out, indices, updates, extent, inner, count, begin, end);      \
    case APUS_FLOAT16: return add_f16_##form(out, indices, updates, extent, inner, count, begin, end);        \
    case APUS_FLOAT64: return add_f64_##form(out, indices, updates, extent, inner, count, begin, end);        \
    case APUS_INT32: return add_i32_##form(out, indices, updates, extent, inner, count, begin, end);          \
    case APUS_INT64: return add_i64_##form(out, indices, updates, extent, inner, count, begin, end);          \
    case APUS_UINT8: return add_u8_##form(out, indices, updates, extent, inner, count, begin, end);           \
    default: return add_bool_##form(out, indices, updates, extent, inner, count, begin, end);                 \
    }

int apus_scatter(
    void *out, const int64_t *indices, const void *updates, long outer, long extent, long inner, long count, int mode,
    int dtype, long begin, long end) {
    DISPATCH(slices)
}

int apus_scatter_elements(
    void *out, const int64_t *indices, const void *updates, long outer, long extent, long inner, long count, int mode,
    int dtype, long begin, long end) {
    DISPATCH(elements)
}
