#pragma once

#if __has_include(<zip.h>)
#include <zip.h>
#else
#error "Apus needs Debian's libzip-dev. Run scripts/setup, or: apt-get install libzip-dev"
#endif
