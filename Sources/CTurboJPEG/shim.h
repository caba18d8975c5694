#pragma once

#if __has_include(<turbojpeg.h>)
#include <turbojpeg.h>
#else
#error "Apus needs Debian's libturbojpeg0-dev. Run scripts/setup, or: apt-get install libturbojpeg0-dev"
#endif
