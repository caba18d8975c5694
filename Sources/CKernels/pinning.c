/// Threads that stay on one processor each.
#define _GNU_SOURCE
#include "internal.h"

#include <sched.h>

static _Atomic bool pinsThreads;

/// The processors that the process was given when pinning was asked for.
static cpu_set_t allowed;

static _Thread_local bool isPinned;

void apus_pin_threads(void) {
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) pinsThreads = true;
}

void apus_pin_worker(long member) {
    // The caller of a loop stays free: threads that it starts later, such as a data loader's, would share its processor.
    if (!pinsThreads || isPinned || member == 0) return;
    isPinned = true;
    long place = member % CPU_COUNT(&allowed);
    for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
        if (!CPU_ISSET(processor, &allowed) || place-- > 0) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        sched_setaffinity(0, sizeof one, &one);
        return;
    }
}
