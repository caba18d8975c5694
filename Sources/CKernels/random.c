/// Random numbers from counters: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
#include "elementary.h"

enum { ROUNDS = 10 };

/// Blocks that are computed side by side, then handed out four elements each.
enum { BLOCKS = 64 };

typedef struct {
    uint32_t word[4][BLOCKS];
} philox_blocks;

/// Blocks of counters first ..< first + BLOCKS; `half` is the third word of the counter.
APUS_INLINE void philox(philox_blocks *blocks, uint64_t key, uint64_t first, uint32_t half) {
    for (int lane = 0; lane < BLOCKS; ++lane) {
        uint64_t counter = first + (uint64_t)lane;
        uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32), c2 = half, c3 = 0;
        uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
        for (int round = 0; round < ROUNDS; ++round) {
            uint64_t even = (uint64_t)c0 * 0xD2511F53, odd = (uint64_t)c2 * 0xCD9E8D57;
            c0 = (uint32_t)(odd >> 32) ^ c1 ^ k0;
            c2 = (uint32_t)(even >> 32) ^ c3 ^ k1;
            c1 = (uint32_t)odd;
            c3 = (uint32_t)even;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        blocks->word[0][lane] = c0;
        blocks->word[1][lane] = c1;
        blocks->word[2][lane] = c2;
        blocks->word[3][lane] = c3;
    }
}

APUS_INLINE uint64_t wide_word(uint32_t low, uint32_t high) { return ((uint64_t)high << 32 | low) >> 11; }

/// cos 2πt and sin 2πt for t in [0, 1), from the distance to the nearest quarter turn, which is exact.
APUS_INLINE void circle_point(float t, float *cosine, float *sine) {
    float quarters = __builtin_elementwise_rint(4.0f * t);
    float r = (t - 0.25f * quarters) * 0x1.921fb6p+2f;
    uint32_t quadrant = (uint32_t)(int32_t)quarters;
    *sine = sin_of_quadrant(r, quadrant);
    *cosine = sin_of_quadrant(r, quadrant + 1);
}

APUS_CLONES static void bits_i32(int32_t *out, uint64_t key, uint64_t first) {
    philox_blocks blocks;
    philox(&blocks, key, first, 0);
    for (int lane = 0; lane < BLOCKS; ++lane) {
        for (int j = 0; j < 4; ++j) out[4 * lane + j] = (int32_t)blocks.word[j][lane];
    }
}

APUS_CLONES static void uniform_f32(float *out, uint64_t key, uint64_t first) {
    philox_blocks blocks;
    philox(&blocks, key, first, 0);
    for (int lane = 0; lane < BLOCKS; ++lane) {
        for (int j = 0; j < 4; ++j) out[4 * lane + j] = (float)(int32_t)(blocks.word[j][lane] >> 8) * 0x1p-24f;
    }
}

APUS_CLONES static void uniform_f64(double *out, uint64_t key, uint64_t first) {
    for (uint32_t half = 0; half < 2; ++half) {
        philox_blocks blocks;
        philox(&blocks, key, first, half);
        for (int lane = 0; lane < BLOCKS; ++lane) {
            for (int j = 0; j < 2; ++j) {
                uint64_t word = wide_word(blocks.word[2 * j][lane], blocks.word[2 * j + 1][lane]);
                out[4 * lane + 2 * half + j] = (double)word * 0x1p-53;
            }
        }
    }
}

APUS_CLONES static void normal_f32(float *out, uint64_t key, uint64_t first) {
    philox_blocks blocks;
    philox(&blocks, key, first, 0);
    float values[4][BLOCKS];
    for (int pair = 0; pair < 2; ++pair) {
        for (int lane = 0; lane < BLOCKS; ++lane) {
            float u = (float)(int32_t)((blocks.word[2 * pair][lane] >> 8) + 1) * 0x1p-24f;
            float t = (float)(int32_t)(blocks.word[2 * pair + 1][lane] >> 8) * 0x1p-24f;
            float radius = __builtin_elementwise_sqrt(-2.0f * log_f32(u));
            float cosine, sine;
            circle_point(t, &cosine, &sine);
            values[2 * pair][lane] = radius * cosine;
            values[2 * pair + 1][lane] = radius * sine;
        }
    }
    for (int lane = 0; lane < BLOCKS; ++lane) {
        for (int j = 0; j < 4; ++j) out[4 * lane + j] = values[j][lane];
    }
}

APUS_CLONES static void normal_f64(double *out, uint64_t key, uint64_t first) {
    for (uint32_t half = 0; half < 2; ++half) {
        philox_blocks blocks;
        philox(&blocks, key, first, half);
        for (int lane = 0; lane < BLOCKS; ++lane) {
            double u = (double)(wide_word(blocks.word[0][lane], blocks.word[1][lane]) + 1) * 0x1p-53;
            double t = (double)wide_word(blocks.word[2][lane], blocks.word[3][lane]) * 0x1p-53;
            double radius = sqrt(-2 * log(u)), angle = 2 * M_PI * t;
            out[4 * lane + 2 * half] = radius * cos(angle);
            out[4 * lane + 2 * half + 1] = radius * sin(angle);
        }
    }
}

/// Fills whole chunks in place, and the last one by way of the stack.
#define FILL(function, type)                                                                                  \
    for (long i = begin; i < end; i += 4 * BLOCKS) {                                                          \
        type *to = (type *)out + (i - begin);                                                                 \
        long rest = end - i;                                                                                  \
        if (rest >= 4 * BLOCKS) {                                                                             \
            function(to, (uint64_t)key, (uint64_t)(i / 4));                                                   \
        } else {                                                                                              \
            type chunk[4 * BLOCKS];                                                                           \
            function(chunk, (uint64_t)key, (uint64_t)(i / 4));                                                \
            memcpy(to, chunk, (size_t)rest * sizeof(type));                                                   \
        }                                                                                                     \
    }

void apus_random(void *out, int64_t key, int distribution, int dtype, long begin, long end) {
    if (distribution == APUS_BITS) {
        FILL(bits_i32, int32_t)
    } else if (distribution == APUS_UNIFORM && dtype == APUS_FLOAT32) {
        FILL(uniform_f32, float)
    } else if (distribution == APUS_UNIFORM) {
        FILL(uniform_f64, double)
    } else if (dtype == APUS_FLOAT32) {
        FILL(normal_f32, float)
    } else {
        FILL(normal_f64, double)
    }
}
