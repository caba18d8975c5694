/// Stable sorting: elements become unsigned keys in the same order, which a radix sort takes a byte at a time.
#include "internal.h"

typedef struct {
    uint64_t key;
    int64_t index;
} item;

/// Up to this length, insertion is faster.
enum { SHORT = 32 };

static void insertion_sort(item *items, long n) {
    for (long i = 1; i < n; ++i) {
        item inserted = items[i];
        long k = i;
        for (; k > 0 && items[k - 1].key > inserted.key; --k) items[k] = items[k - 1];
        items[k] = inserted;
    }
}

/// Sorts by keys of `bytes` bytes; `spare` has room for n items too.
static void radix_sort(item *items, item *spare, long n, int bytes) {
    long counts[8][256];
    memset(counts, 0, (size_t)bytes * sizeof counts[0]);
    for (long i = 0; i < n; ++i) {
        for (int digit = 0; digit < bytes; ++digit) ++counts[digit][items[i].key >> (8 * digit) & 0xff];
    }
    item *from = items, *to = spare;
    for (int digit = 0; digit < bytes; ++digit) {
        long *count = counts[digit];
        // A digit that all keys share orders nothing.
        if (count[from[0].key >> (8 * digit) & 0xff] == n) continue;
        long place = 0;
        for (int value = 0; value < 256; ++value) {
            long here = count[value];
            count[value] = place;
            place += here;
        }
        for (long i = 0; i < n; ++i) to[count[from[i].key >> (8 * digit) & 0xff]++] = from[i];
        item *swap = from;
        from = to;
        to = swap;
    }
    if (from != items) memcpy(items, from, (size_t)n * sizeof(item));
}

/// Bits of a float of `width` bits as a key: sign and magnitude become one order, −0 equals 0, NaN is last whichever way.
APUS_INLINE uint64_t float_key(uint64_t bits, int width, bool nan, bool descending) {
    uint64_t sign = (uint64_t)1 << (width - 1), all = sign | (sign - 1);
    if (nan) return all;
    bits = bits == sign ? 0 : bits;
    uint64_t key = bits & sign ? ~bits & all : bits | sign;
    return descending ? ~key & all : key;
}

static uint64_t key_of(const void *x, long i, int dtype, bool descending) {
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

/// The items of a row in order.
static void sort_row(item *items, item *spare, const void *x, long n, int descending, int dtype) {
    for (long i = 0; i < n; ++i) items[i] = (item){key_of(x, i, dtype, descending), i};
    if (n <= SHORT) {
        insertion_sort(items, n);
    } else {
        radix_sort(items, spare, n, apus_element_sizes[dtype]);
    }
}

void apus_argsort(int64_t *out, const void *x, long rows, long n, int descending, int dtype) {
    if (rows == 0 || n == 0) return;
    item *items = malloc(2 * (size_t)n * sizeof(item));
    for (long row = 0; row < rows; ++row) {
        sort_row(items, items + n, (const char *)x + row * n * apus_element_sizes[dtype], n, descending, dtype);
        for (long i = 0; i < n; ++i) out[row * n + i] = items[i].index;
    }
    free(items);
}

void apus_sort(void *out, const void *x, long rows, long n, int descending, int dtype) {
    if (rows == 0 || n == 0) return;
    size_t size = (size_t)apus_element_sizes[dtype], bytes = (size_t)n * size;
    item *items = malloc(2 * (size_t)n * sizeof(item));
    for (long row = 0; row < rows; ++row) {
        const char *from = (const char *)x + (size_t)row * bytes;
        char *to = (char *)out + (size_t)row * bytes;
        sort_row(items, items + n, from, n, descending, dtype);
        if (from == to) {
            memcpy(items + n, from, bytes);
            from = (const char *)(items + n);
        }
        switch (size) {
        case 1: for (long i = 0; i < n; ++i) to[i] = from[items[i].index]; break;
        case 2: for (long i = 0; i < n; ++i) ((uint16_t *)to)[i] = ((const uint16_t *)from)[items[i].index]; break;
        case 4: for (long i = 0; i < n; ++i) ((uint32_t *)to)[i] = ((const uint32_t *)from)[items[i].index]; break;
        default: for (long i = 0; i < n; ++i) ((uint64_t *)to)[i] = ((const uint64_t *)from)[items[i].index];
        }
    }
    free(items);
}
