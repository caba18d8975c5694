/// Parallel loops on libgomp's pool: the one that oneDNN uses, so that both share their threads.
#include "internal.h"

void GOMP_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_max_threads(void);
int omp_get_num_threads(void);
int omp_get_thread_num(void);
int omp_in_parallel(void);
void omp_set_num_threads(int count);

/// 0 until it is known.
static _Atomic long threadCount;

static _Thread_local bool insideLoop;

long apus_thread_count(void) {
    long count = threadCount;
    if (count == 0) {
        count = omp_get_max_threads();
        threadCount = count;
    }
    return count;
}

void apus_set_thread_count(long count) {
    count = count < 1 ? 1 : count;
    threadCount = count;
    omp_set_num_threads((int)count);
}

long apus_part_count(long count, long grain) {
    grain = grain < 1 ? 1 : grain;
    if (count < 2 * grain) return 1;
    long threads = apus_thread_count();
    if (threads == 1 || insideLoop || omp_in_parallel()) return 1;
    long parts = count / grain;
    return parts < threads ? parts : threads;
}

typedef struct {
    void (*body)(void *, long);
    void *context;
    long parts;
} parts_loop;

static void run_team_member(void *data) {
    const parts_loop *loop = data;
    insideLoop = true;
    apus_pin_worker(omp_get_thread_num());
    // A team may have fewer members than were asked for.
    long members = omp_get_num_threads();
    for (long part = omp_get_thread_num(); part < loop->parts; part += members) loop->body(loop->context, part);
    insideLoop = false;
}

void apus_run_parts(void (*body)(void *context, long part), void *context, long parts) {
    if (parts <= 1 || insideLoop) {
        for (long part = 0; part < parts; ++part) body(context, part);
        return;
    }
    parts_loop loop = {body, context, parts};
    GOMP_parallel(run_team_member, &loop, (unsigned)parts, 0);
}

typedef struct {
    void (*body)(void *, long, long);
    void *context;
    long count, parts;
} range_loop;

static void run_range(void *context, long part) {
    const range_loop *loop = context;
    long each = loop->count / loop->parts, rest = loop->count % loop->parts;
    long begin = part * each + (part < rest ? part : rest);
    loop->body(loop->context, begin, begin + each + (part < rest));
}

void apus_parallel(void (*body)(void *context, long begin, long end), void *context, long count, long grain) {
    if (count <= 0) return;
    long parts = apus_part_count(count, grain);
    if (parts == 1) {
        body(context, 0, count);
        return;
    }
    range_loop loop = {body, context, count, parts};
    apus_run_parts(run_range, &loop, parts);
}
