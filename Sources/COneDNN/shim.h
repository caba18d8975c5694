#pragma once

#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#else
#error "Apus needs Debian's libdnnl-dev. Run scripts/setup, or: apt-get install libdnnl-dev"
#endif
