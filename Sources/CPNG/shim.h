#pragma once

#if __has_include(<png.h>)
#include <stdio.h>
#include <png.h>
#else
#error "Apus needs Debian's libpng-dev. Run scripts/setup, or: apt-get install libpng-dev"
#endif
