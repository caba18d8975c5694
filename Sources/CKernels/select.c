/// Choice between two operands by a third.
#include "internal.h"

#define SELECT(name, type)                                                                                    \
    APUS_CLONES static void name(void *out, const void *a, const void *b, const void *c, long n) {            \
        type *to = out;                                                                                       \
        const uint8_t *condition = a;                                                                         \
        const type *ifTrue = b, *ifFalse = c;                                                                 \
        APUS_VECTORIZE for (long i = 0; i < n; ++i) {                                                         \
            type x = ifTrue[i], y = ifFalse[i];                                                               \
            to[i] = condition[i] ? x : y;                                                                     \
        }                                                                                                     \
    }

SELECT(select_1, uint8_t)
SELECT(select_2, uint16_t)
SELECT(select_4, uint32_t)
SELECT(select_8, uint64_t)

apus_kernel apus_select_kernel(int dtype) {
    if (dtype < 0 || dtype >= APUS_DTYPE_COUNT) return NULL;
    switch (apus_element_sizes[dtype]) {
    case 1: return select_1;
    case 2: return select_2;
    case 4: return select_4;
    default: return select_8;
    }
}
