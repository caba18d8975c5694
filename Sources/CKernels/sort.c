/// Stable sorting: elements become unsigned keys in the same order, which a radix sort takes a byte at a time.
#include "internal.h"

/// A key and where it was. Keys of up to 32 bits and their index share one word, `narrow`, which moves half the bytes.
typedef struct {
    uint64_t key;
    int64_t index;
} wide;

typedef uint64_t narrow;

#define WIDE_KEY(x) ((x).key)
#define NARROW_KEY(x) ((x) >> 32)

/// Up to this length, insertion is faster.
enum { SHORT = 32 };

/// Sorts by keys of `bytes` bytes; `spare` has room for n items too.
#define SORTS(type, key_of)                                                                                   \
    static void insertion_sort_##type(type *items, long n) {                                                  \
        for (long i = 1; i < n; ++i) {                                                                        \
            type inserted = items[i];                                                                         \
            long k = i;                                                                                       \
            for (; k > 0 && key_of(items[k - 1]) > key_of(inserted); --k) items[k] = items[k - 1];            \
            items[k] = inserted;                                                                              \
        }                                                                                                     \
    }                                                                                                         \
                                                                                                              \
    static void sort_##type(type *items, type *spare, long n, int bytes) {                                    \
        if (n <= SHORT) {                                                                                     \
            insertion_sort_##type(items, n);                                                                  \
            return;                                                                                           \
        }                                                                                                     \
        type *from = items, *to = spare;                                                                      \
        for (int digit = 0; digit < bytes; ++digit) {                                                         \
            long places[256] = {0};                                                                           \
            for (long i = 0; i < n; ++i) ++places[key_of(from[i]) >> (8 * digit) & 0xff];                     \
            /* A digit that all keys share orders nothing. */                                                 \
            if (places[key_of(from[0]) >> (8 * digit) & 0xff] == n) continue;                                 \
            long place = 0;                                                                                   \
            for (int value = 0; value < 256; ++value) {                                                       \
                long here = places[value];                                                                    \
                places[value] = place;                                                                        \
                place += here;                                                                                \
            }                                                                                                 \
            for (long i = 0; i < n; ++i) to[places[key_of(from[i]) >> (8 * digit) & 0xff]++] = from[i];       \
            type *swap = from;                                                                                \
            from = to;                                                                                        \
            to = swap;                                                                                        \
        }                                                                                                     \
        if (from != items) memcpy(items, from, (size_t)n * sizeof(type));                                     \
    }

SORTS(wide, WIDE_KEY)
SORTS(narrow, NARROW_KEY)

/// Bits of a float of `width` bits as a key: sign and magnitude become one order, −0 equals 0, NaN is last whichever
/// way.
APUS_INLINE uint64_t float_key(uint64_t bits, int width, bool nan, bool descending) {
    uint64_t sign = (uint64_t)1 << (width - 1), all = sign | (sign - 1);
    if (nan) return all;
    bits = bits == sign ? 0 : bits;
    uint64_t key = bits & sign ? ~bits & all : bits | sign;
    return descending ? ~key & all : key;
}

APUS_INLINE uint64_t key_of(const void *x, long i, int dtype, bool descending) {
    uint64_t key;
    switch (dtype) {
    case APUS_FLOAT32: {
        float value = ((const float *)x)[i];
        return float_key(bits_of_float(value), 32, value != value, descending);
    }
    case APUS_FLOAT64: {
        double value = ((const double *)x)[i];
        return float_key(bits_of_double(value), 64, value != value, descending);
    }
    case APUS_BFLOAT16: {
        bfloat16_bits bits = ((const bfloat16_bits *)x)[i];
        return float_key(bits, 16, (bits & 0x7fff) > 0x7f80, descending);
    }
    case APUS_FLOAT16: {
        float16_bits bits = ((const float16_bits *)x)[i];
        return float_key(bits, 16, (bits & 0x7fff) > 0x7c00, descending);
    }
    case APUS_INT32: key = ((const uint32_t *)x)[i] ^ 0x80000000u; break;
    case APUS_INT64: key = ((const uint64_t *)x)[i] ^ (uint64_t)1 << 63; break;
    default: key = ((const uint8_t *)x)[i];
    }
    int width = 8 * apus_element_sizes[dtype];
    return descending ? ~key & (~(uint64_t)0 >> (64 - width)) : key;
}

/// The permutation that sorts a row; `memory` has room for two items for each element.
static void sort_row(int64_t *order, wide *memory, const void *x, long n, int descending, int dtype) {
    int bytes = apus_element_sizes[dtype];
    if (bytes <= 4 && n <= UINT32_MAX) {
        narrow *items = (narrow *)memory;
        for (long i = 0; i < n; ++i) items[i] = key_of(x, i, dtype, descending) << 32 | (uint64_t)i;
        sort_narrow(items, items + n, n, bytes);
        for (long i = 0; i < n; ++i) order[i] = (int64_t)(items[i] & UINT32_MAX);
    } else {
        for (long i = 0; i < n; ++i) memory[i] = (wide){key_of(x, i, dtype, descending), i};
        sort_wide(memory, memory + n, n, bytes);
        for (long i = 0; i < n; ++i) order[i] = memory[i].index;
    }
}

void apus_argsort(int64_t *out, const void *x, long rows, long n, int descending, int dtype) {
    if (rows == 0 || n == 0) return;
    wide *memory = malloc(2 * (size_t)n * sizeof(wide));
    for (long row = 0; row < rows; ++row) {
        sort_row(out + row * n, memory, (const char *)x + row * n * apus_element_sizes[dtype], n, descending, dtype);
    }
    free(memory);
}

void apus_sort(void *out, const void *x, long rows, long n, int descending, int dtype) {
    if (rows == 0 || n == 0) return;
    size_t size = (size_t)apus_element_sizes[dtype], bytes = (size_t)n * size;
    wide *memory = malloc(2 * (size_t)n * sizeof(wide));
    int64_t *order = malloc((size_t)n * sizeof(int64_t));
    for (long row = 0; row < rows; ++row) {
        const char *from = (const char *)x + (size_t)row * bytes;
        char *to = (char *)out + (size_t)row * bytes;
        sort_row(order, memory, from, n, descending, dtype);
        if (from == to) from = memcpy(memory, from, bytes);
        apus_gather(to, from, order, 1, n, 1, n, (int)size, 0, n);
    }
    free(order);
    free(memory);
}
