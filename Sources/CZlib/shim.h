#pragma once

#if __has_include(<zlib.h>)
#include <zlib.h>
#else
#error "Apus needs Debian's zlib1g-dev. Run scripts/setup, or: apt-get install zlib1g-dev"
#endif
