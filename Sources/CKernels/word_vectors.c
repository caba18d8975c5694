/// Word vectors: predicting words from words (Mikolov et al. 2013), with n-grams (Bojanowski et al. 2017), and factors of
/// co-occurrence counts (Pennington et al. 2014).
///
/// Threads update the same rows without locks (Niu et al., "Hogwild!", 2011): a text touches its words so sparsely that an update is
/// seldom lost. On one thread, the same seed gives the same vectors.
#include "elementary.h"

typedef float lanes __attribute__((vector_size(64), aligned(4)));
enum { LANES = 16, ROWS = 4 };

APUS_INLINE lanes *lanes_of(float *row, long j) { return (lanes *)(row + j); }

APUS_INLINE float sum_of(const lanes *x) {
    float sum = 0;
    for (int lane = 0; lane < LANES; ++lane) sum += (*x)[lane];
    return sum;
}

/// SplitMix64 (Steele, Lea and Flood 2014).
APUS_INLINE uint64_t draw(uint64_t *state) {
    uint64_t z = (*state += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

APUS_INLINE long draw_below(uint64_t *state, long bound) { return (long)(((draw(state) >> 32) * (uint64_t)bound) >> 32); }

/// A word with probability ∝ its count^¾: one number picks a column of the table and a place in it (Walker's alias method).
APUS_INLINE int32_t draw_word(const apus_word_model *model, uint64_t *state) {
    uint64_t bits = draw(state);
    long column = (long)(((bits >> 32) * (uint64_t)model->wordCount) >> 32);
    return (uint32_t)bits < model->aliasThresholds[column] ? (int32_t)column : model->aliases[column];
}

// MARK: One step

/// What a thread works with.
typedef struct {
    float *context, *gradient;  // (stride)
    int32_t *bag, *targets;
    float *labels, *scores;  // (targets, rounded up to LANES)
    int32_t *sentence;
    uint64_t random;
    double loss;
    long predictions;
} workspace;

/// scores[k] = vector · outputs[targets[k]].
APUS_INLINE void score(const apus_word_model *model, const float *vector, const int32_t *targets, float *scores, long count) {
    long stride = model->stride, k = 0;
    for (; k + ROWS <= count; k += ROWS) {
        float *row[ROWS];
        for (int r = 0; r < ROWS; ++r) row[r] = model->outputs + targets[k + r] * stride;
        lanes sums[ROWS] = {0};
        for (long j = 0; j < stride; j += LANES) {
            lanes x = *lanes_of((float *)vector, j);
            for (int r = 0; r < ROWS; ++r) sums[r] += x * *lanes_of(row[r], j);
        }
        for (int r = 0; r < ROWS; ++r) scores[k + r] = sum_of(&sums[r]);
    }
    for (; k < count; ++k) {
        float *row = model->outputs + targets[k] * stride;
        lanes sum = {0};
        for (long j = 0; j < stride; j += LANES) sum += *lanes_of((float *)vector, j) * *lanes_of(row, j);
        scores[k] = sum_of(&sum);
    }
}

/// Scores become errors, label − σ(score). Gives the loss, −Σ log σ(±score).
APUS_INLINE float errors_of(float *scores, const float *labels, long count) {
    float losses[LANES] = {0};
    for (long k = 0; k < count; k += LANES) {
        for (int lane = 0; lane < LANES; ++lane) {
            float x = scores[k + lane], label = labels[k + lane];
            float small = exp_f32(-magnitude(x));
            float sigmoid = (x < 0 ? small : 1.0f) / (1.0f + small);
            float wrong = label > 0.5f ? -x : x;
            float loss = log1p_f32(small) + (wrong > 0 ? wrong : 0.0f);
            // The places after the last target hold no score.
            losses[lane] += k + lane < count ? loss : 0.0f;
            scores[k + lane] = label - sigmoid;
        }
    }
    float loss = 0;
    for (int lane = 0; lane < LANES; ++lane) loss += losses[lane];
    return loss;
}

/// gradient = Σ_k errors[k] outputs[targets[k]], of the rows as they are before any of them moves.
APUS_INLINE void
combine(const apus_word_model *model, float *gradient, const int32_t *targets, const float *errors, long count) {
    long stride = model->stride, k = 0;
    memset(gradient, 0, (size_t)stride * sizeof(float));
    for (; k + ROWS <= count; k += ROWS) {
        float *row[ROWS];
        for (int r = 0; r < ROWS; ++r) row[r] = model->outputs + targets[k + r] * stride;
        for (long j = 0; j < stride; j += LANES) {
            lanes sum = *lanes_of(gradient, j);
            for (int r = 0; r < ROWS; ++r) sum += errors[k + r] * *lanes_of(row[r], j);
            *lanes_of(gradient, j) = sum;
        }
    }
    for (; k < count; ++k) {
        float *row = model->outputs + targets[k] * stride;
        for (long j = 0; j < stride; j += LANES) *lanes_of(gradient, j) += errors[k] * *lanes_of(row, j);
    }
}

APUS_INLINE void add_scaled(float *row, float scale, const float *x, long stride) {
    for (long j = 0; j < stride; j += LANES) *lanes_of(row, j) += scale * *lanes_of((float *)x, j);
}

/// A target may occur more than once: its errors add up, as all were taken before the first update.
APUS_INLINE float
step(const apus_word_model *model, workspace *w, const int32_t *bag, long bagCount, long targetCount, float rate) {
    long stride = model->stride;
    float scale = model->takesMean ? 1.0f / (float)bagCount : 1.0f;
    const float *vector = model->inputs + bag[0] * stride;
    if (bagCount > 1) {
        memset(w->context, 0, (size_t)stride * sizeof(float));
        for (long i = 0; i < bagCount; ++i) add_scaled(w->context, scale, model->inputs + bag[i] * stride, stride);
        vector = w->context;
    }
    score(model, vector, w->targets, w->scores, targetCount);
    float loss = errors_of(w->scores, w->labels, targetCount);
    combine(model, w->gradient, w->targets, w->scores, targetCount);
    for (long k = 0; k < targetCount; ++k) {
        add_scaled(model->outputs + w->targets[k] * stride, rate * w->scores[k], vector, stride);
    }
    for (long i = 0; i < bagCount; ++i) add_scaled(model->inputs + bag[i] * stride, rate * scale, w->gradient, stride);
    return loss;
}

// MARK: Sentences

APUS_INLINE void prefetch_row(const float *row, long stride) {
    for (long j = 0; j < stride; j += LANES) __builtin_prefetch(row + j, 1);
}

/// Appends what tells that `word` is the right one: its path in the tree, or itself among words drawn at random.
APUS_INLINE long add_targets(const apus_word_model *model, workspace *w, int32_t word, long count) {
    if (model->pathStarts) {
        for (int64_t p = model->pathStarts[word]; p < model->pathStarts[word + 1]; ++p, ++count) {
            w->targets[count] = model->pathNodes[p];
            w->labels[count] = model->pathLabels[p];
        }
        return count;
    }
    w->targets[count] = word;
    w->labels[count++] = 1;
    prefetch_row(model->outputs + word * model->stride, model->stride);
    for (long n = 0; n < model->negatives; ++n) {
        int32_t other = draw_word(model, &w->random);
        if (other == word) continue;
        prefetch_row(model->outputs + other * model->stride, model->stride);
        w->targets[count] = other;
        w->labels[count++] = 0;
    }
    return count;
}

/// Appends the rows that a word's vector is made of.
APUS_INLINE long add_rows(const apus_word_model *model, workspace *w, int32_t word, long count) {
    if (!model->inputStarts) {
        w->bag[count++] = word;
        return count;
    }
    for (int64_t r = model->inputStarts[word]; r < model->inputStarts[word + 1]; ++r) w->bag[count++] = model->inputRows[r];
    return count;
}

APUS_INLINE void train_sentence(const apus_word_model *model, workspace *w, long length, float rate) {
    for (long i = 0; i < length; ++i) {
        long reach = 1 + draw_below(&w->random, model->window);
        long first = i - reach < 0 ? 0 : i - reach, last = i + reach >= length ? length - 1 : i + reach;
        if (first == last) continue;
        long bag = model->isCBOW ? 0 : add_rows(model, w, w->sentence[i], 0);
        long targets = model->isCBOW ? add_targets(model, w, w->sentence[i], 0) : 0;
        for (long j = first; j <= last; ++j) {
            if (j == i) continue;
            if (model->isCBOW) {
                bag = add_rows(model, w, w->sentence[j], bag);
            } else {
                targets = add_targets(model, w, w->sentence[j], targets);
            }
        }
        w->loss += step(model, w, w->bag, bag, targets, rate);
        w->predictions += model->isCBOW ? 1 : last - first;
    }
}

/// Long texts without sentences are cut.
enum { LONGEST_SENTENCE = 4096 };

APUS_CLONES static void
train_tokens(const apus_word_model *model, workspace *w, const int32_t *tokens, long count, float rate) {
    long length = 0;
    for (long t = 0; t < count; ++t) {
        int32_t word = tokens[t];
        if (word >= 0 && (!model->keep || (uint32_t)(draw(&w->random) >> 32) <= model->keep[word])) {
            w->sentence[length++] = word;
        }
        if (word < 0 || length == LONGEST_SENTENCE || t + 1 == count) {
            train_sentence(model, w, length, rate);
            length = 0;
        }
    }
}

static void *rows_of_zeros(long count, size_t size) {
    size_t bytes = ((size_t)count * size + 63) / 64 * 64;
    void *memory = aligned_alloc(64, bytes > 0 ? bytes : 64);
    if (!memory) abort();
    return memset(memory, 0, bytes);
}

static workspace make_workspace(const apus_word_model *model, long bag, long targets, uint64_t seed) {
    long rounded = (targets + LANES - 1) / LANES * LANES;
    return (workspace) {
        .context = rows_of_zeros(model->stride, sizeof(float)),
        .gradient = rows_of_zeros(model->stride, sizeof(float)),
        .bag = rows_of_zeros(bag, sizeof(int32_t)),
        .targets = rows_of_zeros(targets, sizeof(int32_t)),
        .labels = rows_of_zeros(rounded, sizeof(float)),
        .scores = rows_of_zeros(rounded, sizeof(float)),
        .sentence = rows_of_zeros(LONGEST_SENTENCE, sizeof(int32_t)),
        .random = seed,
    };
}

static void free_workspace(workspace *w) {
    void *parts[] = {w->context, w->gradient, w->bag, w->targets, w->labels, w->scores, w->sentence};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; ++i) free(parts[i]);
}

typedef struct {
    const apus_word_model *model;
    const int32_t *tokens;
    long count, parts;
    float rate;
    uint64_t seed;
    apus_word_progress *progress;
} training;

/// Where a part begins: at the first sentence after its share of the tokens.
static long part_start(const training *t, long part) {
    long place = t->count * part / t->parts;
    while (place > 0 && place < t->count && t->tokens[place - 1] >= 0) ++place;
    return place;
}

static void train_part(void *context, long part) {
    const training *t = context;
    const apus_word_model *model = t->model;
    long pairs = model->isCBOW ? 1 : 2 * model->window, words = model->isCBOW ? 2 * model->window : 1;
    long eachTarget = model->pathStarts ? model->longestPath : 1 + model->negatives;
    uint64_t seed = t->seed + (uint64_t)part;
    workspace w = make_workspace(model, words * model->mostRows, pairs * eachTarget, draw(&seed));
    long first = part_start(t, part);
    train_tokens(model, &w, t->tokens + first, part_start(t, part + 1) - first, t->rate);
    t->progress[part] = (apus_word_progress) {w.loss, w.predictions};
    free_workspace(&w);
}

apus_word_progress
apus_word_train(const apus_word_model *model, const int32_t *tokens, long count, float rate, uint64_t seed) {
    enum { TOKENS_WORTH_A_THREAD = 1000 };
    long parts = apus_part_count(count, TOKENS_WORTH_A_THREAD);
    apus_word_progress *progress = rows_of_zeros(parts, sizeof(apus_word_progress));
    training t = {model, tokens, count, parts, rate, seed, progress};
    apus_run_parts(train_part, &t, parts);
    apus_word_progress total = {0, 0};
    for (long part = 0; part < parts; ++part) {
        total.loss += progress[part].loss;
        total.predictions += progress[part].predictions;
    }
    free(progress);
    return total;
}

APUS_CLONES float apus_word_step(
    const apus_word_model *model, const int32_t *bag, long bagCount, const int32_t *targets, const float *labels,
    long targetCount, float rate)
{
    workspace w = make_workspace(model, 0, targetCount, 0);
    memcpy(w.targets, targets, (size_t)targetCount * sizeof(int32_t));
    memcpy(w.labels, labels, (size_t)targetCount * sizeof(float));
    float loss = step(model, &w, bag, bagCount, targetCount, rate);
    free_workspace(&w);
    return loss;
}

// MARK: Counts

typedef struct {
    const apus_count_model *model;
    const apus_word_pair *pairs;
    float rate;
    long count, parts;
    apus_word_progress *progress;
} count_training;

enum { AHEAD = 4 };

/// AdaGrad (Duchi et al. 2011): s ← s + g², p ← p − rate g / (√s + ε).
APUS_INLINE void adapt(float *parameter, float *squares, float gradient, float rate) {
    *squares += gradient * gradient;
    *parameter -= rate * gradient / (__builtin_sqrtf(*squares) + 1e-10f);
}

APUS_CLONES static double
train_pairs(const apus_count_model *model, const apus_word_pair *pairs, long count, float rate) {
    long stride = model->stride;
    double loss = 0;
    for (long p = 0; p < count; ++p) {
        if (p + AHEAD < count) {
            const apus_word_pair *next = pairs + p + AHEAD;
            prefetch_row(model->words + next->word * stride, stride);
            prefetch_row(model->contexts + next->context * stride, stride);
            prefetch_row(model->wordSquares + next->word * stride, stride);
            prefetch_row(model->contextSquares + next->context * stride, stride);
        }
        long i = pairs[p].word, j = pairs[p].context;
        float *restrict word = model->words + i * stride, *restrict context = model->contexts + j * stride;
        float *restrict wordSquares = model->wordSquares + i * stride;
        float *restrict contextSquares = model->contextSquares + j * stride;
        lanes sum = {0};
        for (long l = 0; l < stride; l += LANES) sum += *lanes_of(word, l) * *lanes_of(context, l);
        float difference = sum_of(&sum) + model->wordBiases[i] + model->contextBiases[j] - pairs[p].logarithm;
        float error = pairs[p].weight * difference;
        loss += 0.5 * (double)error * (double)difference;
        for (long l = 0; l < stride; ++l) {
            float old = word[l];
            adapt(&word[l], &wordSquares[l], error * context[l], rate);
            adapt(&context[l], &contextSquares[l], error * old, rate);
        }
        adapt(&model->wordBiases[i], &model->wordBiasSquares[i], error, rate);
        adapt(&model->contextBiases[j], &model->contextBiasSquares[j], error, rate);
    }
    return loss;
}

static void train_count_part(void *context, long part) {
    const count_training *t = context;
    long first = t->count * part / t->parts, end = t->count * (part + 1) / t->parts;
    t->progress[part].loss = train_pairs(t->model, t->pairs + first, end - first, t->rate);
}

apus_word_progress
apus_count_train(const apus_count_model *model, const apus_word_pair *pairs, long count, float rate) {
    enum { PAIRS_WORTH_A_THREAD = 1000 };
    long parts = apus_part_count(count, PAIRS_WORTH_A_THREAD);
    apus_word_progress *progress = rows_of_zeros(parts, sizeof(apus_word_progress));
    count_training t = {model, pairs, rate, count, parts, progress};
    apus_run_parts(train_count_part, &t, parts);
    apus_word_progress total = {0, count};
    for (long part = 0; part < parts; ++part) total.loss += progress[part].loss;
    free(progress);
    return total;
}
