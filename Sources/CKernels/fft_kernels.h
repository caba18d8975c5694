// Fourier transforms for one type: REAL, whose functions are NAME(…). No guard: fft.c includes it once for each type.

/// Roots of unity `exp(−2πi k / n)` as pairs; the angle is exact for whole eighths.
static void NAME(root)(REAL *out, long k, long n) {
    double angle = 2 * M_PI * (double)k / (double)n;
    out[0] = (REAL)cos(angle);
    out[1] = (REAL)-sin(angle);
}

// MARK: Plans

/// `twiddles` of a pass: for each p and k = 1 … radix − 1, the root (p k) of the pass's length.
static REAL *NAME(pass_twiddles)(long length, int radix) {
    long m = length / radix;
    REAL *table = malloc(2 * (size_t)(m * (radix - 1)) * sizeof(REAL));
    for (long p = 0; p < m; ++p) {
        for (int k = 1; k < radix; ++k) NAME(root)(table + 2 * (p * (radix - 1) + k - 1), p * k, length);
    }
    return table;
}

static void NAME(plan_passes)(apus_fft_plan *plan) {
    long length = plan->n;
    for (int pass = 0; pass < plan->passCount; ++pass) {
        int radix = plan->radices[pass];
        plan->twiddles[pass] = NAME(pass_twiddles)(length, radix);
        REAL *roots = malloc(2 * (size_t)radix * sizeof(REAL));
        for (int k = 0; k < radix; ++k) NAME(root)(roots + 2 * k, k, radix);
        plan->roots[pass] = roots;
        length /= radix;
    }
}

/// `exp(−2πi k j / n)` as `[k < n1][j < n2]`.
static void NAME(plan_crossing)(apus_fft_plan *plan) {
    REAL *crossing = malloc(2 * (size_t)plan->n * sizeof(REAL));
    for (long k = 0; k < plan->rows; ++k) {
        for (long j = 0; j < plan->columns; ++j) NAME(root)(crossing + 2 * (k * plan->columns + j), k * j, plan->n);
    }
    plan->crossing = crossing;
}

static void NAME(transform)(const apus_fft_plan *plan, lines out, lines in, long outer, long inner, bool inverse);

/// Bluestein 1970: `jk = (j² + k² − (k − j)²) / 2` turns the sum into a convolution, which a transform of a convenient length does.
static void NAME(plan_chirp)(apus_fft_plan *plan) {
    long n = plan->n, m = plan->padded->n;
    REAL *chirp = malloc(2 * (size_t)n * sizeof(REAL)), *kernel = calloc(2 * (size_t)m, sizeof(REAL));
    long square = 0;  // j² modulo 2n
    for (long j = 0; j < n; ++j) {
        NAME(root)(chirp + 2 * j, square, 2 * n);
        long mirrored = j == 0 ? 0 : m - j;
        kernel[2 * j] = kernel[2 * mirrored] = chirp[2 * j] / (REAL)m;
        kernel[2 * j + 1] = kernel[2 * mirrored + 1] = -chirp[2 * j + 1] / (REAL)m;
        square = (square + 2 * j + 1) % (2 * n);
    }
    lines line = {(char *)kernel, 0, 0, 2};
    NAME(transform)(plan->padded, line, line, 1, 1, false);
    plan->chirp = chirp;
    plan->kernel = kernel;
}

// MARK: Passes over lanes. Stockham's order: what pass p reads at stride s it writes so that the result needs no reordering.

/// `(yr, yi) = (xr, xi) · (wr, wi)`
#define TIMES(yr, yi, xr, xi, wr, wi)                   \
    do {                                                \
        REAL productR = (xr) * (wr) - (xi) * (wi);      \
        yi = (xr) * (wi) + (xi) * (wr);                 \
        yr = productR;                                  \
    } while (0)

APUS_CLONES static void NAME(pass2)(REAL *yr, REAL *yi, const REAL *xr, const REAL *xi, const REAL *w, long m, long s) {
    for (long p = 0; p < m; ++p) {
        REAL w1r = w[2 * p], w1i = w[2 * p + 1];
        long a = p * s, b = (p + m) * s, out = 2 * p * s;
        APUS_VECTORIZE for (long q = 0; q < s; ++q) {
            REAL ar = xr[a + q], ai = xi[a + q], br = xr[b + q], bi = xi[b + q];
            yr[out + q] = ar + br;
            yi[out + q] = ai + bi;
            TIMES(yr[out + s + q], yi[out + s + q], ar - br, ai - bi, w1r, w1i);
        }
    }
}

APUS_CLONES static void NAME(pass3)(REAL *yr, REAL *yi, const REAL *xr, const REAL *xi, const REAL *w, long m, long s) {
    const REAL half = (REAL)-0.5, sine = (REAL)-0.86602540378443864676;
    for (long p = 0; p < m; ++p) {
        REAL w1r = w[4 * p], w1i = w[4 * p + 1], w2r = w[4 * p + 2], w2i = w[4 * p + 3];
        long a = p * s, b = (p + m) * s, c = (p + 2 * m) * s, out = 3 * p * s;
        APUS_VECTORIZE for (long q = 0; q < s; ++q) {
            REAL sr = xr[b + q] + xr[c + q], si = xi[b + q] + xi[c + q];
            REAL dr = (xr[b + q] - xr[c + q]) * sine, di = (xi[b + q] - xi[c + q]) * sine;
            REAL tr = xr[a + q] + half * sr, ti = xi[a + q] + half * si;
            yr[out + q] = xr[a + q] + sr;
            yi[out + q] = xi[a + q] + si;
            TIMES(yr[out + s + q], yi[out + s + q], tr - di, ti + dr, w1r, w1i);
            TIMES(yr[out + 2 * s + q], yi[out + 2 * s + q], tr + di, ti - dr, w2r, w2i);
        }
    }
}

APUS_CLONES static void NAME(pass4)(REAL *yr, REAL *yi, const REAL *xr, const REAL *xi, const REAL *w, long m, long s) {
    for (long p = 0; p < m; ++p) {
        REAL w1r = w[6 * p], w1i = w[6 * p + 1], w2r = w[6 * p + 2], w2i = w[6 * p + 3], w3r = w[6 * p + 4],
             w3i = w[6 * p + 5];
        long a = p * s, b = (p + m) * s, c = (p + 2 * m) * s, d = (p + 3 * m) * s, out = 4 * p * s;
        APUS_VECTORIZE for (long q = 0; q < s; ++q) {
            REAL acr = xr[a + q] + xr[c + q], aci = xi[a + q] + xi[c + q];
            REAL bdr = xr[b + q] + xr[d + q], bdi = xi[b + q] + xi[d + q];
            REAL amcr = xr[a + q] - xr[c + q], amci = xi[a + q] - xi[c + q];
            REAL bmdr = xr[b + q] - xr[d + q], bmdi = xi[b + q] - xi[d + q];
            yr[out + q] = acr + bdr;
            yi[out + q] = aci + bdi;
            // −i (b − d)
            TIMES(yr[out + s + q], yi[out + s + q], amcr + bmdi, amci - bmdr, w1r, w1i);
            TIMES(yr[out + 2 * s + q], yi[out + 2 * s + q], acr - bdr, aci - bdi, w2r, w2i);
            TIMES(yr[out + 3 * s + q], yi[out + 3 * s + q], amcr - bmdi, amci + bmdr, w3r, w3i);
        }
    }
}

APUS_CLONES static void NAME(pass5)(REAL *yr, REAL *yi, const REAL *xr, const REAL *xi, const REAL *w, long m, long s) {
    const REAL c1 = (REAL)0.30901699437494742410, c2 = (REAL)-0.80901699437494742410, s1 = (REAL)0.95105651629515357212,
               s2 = (REAL)0.58778525229247312917;
    for (long p = 0; p < m; ++p) {
        const REAL *v = w + 8 * p;
        REAL w1r = v[0], w1i = v[1], w2r = v[2], w2i = v[3], w3r = v[4], w3i = v[5], w4r = v[6], w4i = v[7];
        long a = p * s, b = (p + m) * s, c = (p + 2 * m) * s, d = (p + 3 * m) * s, e = (p + 4 * m) * s, out = 5 * p * s;
        APUS_VECTORIZE for (long q = 0; q < s; ++q) {
            REAL ber = xr[b + q] + xr[e + q], bei = xi[b + q] + xi[e + q];
            REAL cdr = xr[c + q] + xr[d + q], cdi = xi[c + q] + xi[d + q];
            REAL bmr = xr[b + q] - xr[e + q], bmi = xi[b + q] - xi[e + q];
            REAL cmr = xr[c + q] - xr[d + q], cmi = xi[c + q] - xi[d + q];
            REAL t1r = xr[a + q] + c1 * ber + c2 * cdr, t1i = xi[a + q] + c1 * bei + c2 * cdi;
            REAL t2r = xr[a + q] + c2 * ber + c1 * cdr, t2i = xi[a + q] + c2 * bei + c1 * cdi;
            REAL u1r = s1 * bmr + s2 * cmr, u1i = s1 * bmi + s2 * cmi;
            REAL u2r = s2 * bmr - s1 * cmr, u2i = s2 * bmi - s1 * cmi;
            yr[out + q] = xr[a + q] + ber + cdr;
            yi[out + q] = xi[a + q] + bei + cdi;
            TIMES(yr[out + s + q], yi[out + s + q], t1r + u1i, t1i - u1r, w1r, w1i);
            TIMES(yr[out + 2 * s + q], yi[out + 2 * s + q], t2r + u2i, t2i - u2r, w2r, w2i);
            TIMES(yr[out + 3 * s + q], yi[out + 3 * s + q], t2r - u2i, t2i + u2r, w3r, w3i);
            TIMES(yr[out + 4 * s + q], yi[out + 4 * s + q], t1r - u1i, t1i + u1r, w4r, w4i);
        }
    }
}

/// Any radix: `b[k] = Σ_j a[j] root^(jk)`, then the twiddle.
APUS_CLONES static void NAME(pass_any)(
    REAL *yr, REAL *yi, const REAL *xr, const REAL *xi, const REAL *w, const REAL *roots, int radix, long m, long s) {
    for (long p = 0; p < m; ++p) {
        for (int k = 0; k < radix; ++k) {
            REAL *outR = yr + (radix * p + k) * s, *outI = yi + (radix * p + k) * s;
            memcpy(outR, xr + p * s, (size_t)s * sizeof(REAL));
            memcpy(outI, xi + p * s, (size_t)s * sizeof(REAL));
            for (int j = 1; j < radix; ++j) {
                REAL rr = roots[2 * (j * k % radix)], ri = roots[2 * (j * k % radix) + 1];
                const REAL *inR = xr + (p + j * m) * s, *inI = xi + (p + j * m) * s;
                APUS_VECTORIZE for (long q = 0; q < s; ++q) {
                    outR[q] += inR[q] * rr - inI[q] * ri;
                    outI[q] += inR[q] * ri + inI[q] * rr;
                }
            }
            if (k == 0) continue;
            REAL wr = w[2 * (p * (radix - 1) + k - 1)], wi = w[2 * (p * (radix - 1) + k - 1) + 1];
            APUS_VECTORIZE for (long q = 0; q < s; ++q) TIMES(outR[q], outI[q], outR[q], outI[q], wr, wi);
        }
    }
}

/// All passes on `[n][LANES]`; the result is in `x` or in `y`: true if in `y`.
static bool NAME(run_passes)(const apus_fft_plan *plan, REAL *x, REAL *y) {
    long length = plan->n, s = LANES, half = plan->n * LANES;
    REAL *from = x, *to = y;
    for (int pass = 0; pass < plan->passCount; ++pass) {
        int radix = plan->radices[pass];
        long m = length / radix;
        const REAL *w = plan->twiddles[pass];
        switch (radix) {
        case 2: NAME(pass2)(to, to + half, from, from + half, w, m, s); break;
        case 3: NAME(pass3)(to, to + half, from, from + half, w, m, s); break;
        case 4: NAME(pass4)(to, to + half, from, from + half, w, m, s); break;
        case 5: NAME(pass5)(to, to + half, from, from + half, w, m, s); break;
        default: NAME(pass_any)(to, to + half, from, from + half, w, plan->roots[pass], radix, m, s);
        }
        length = m;
        s *= radix;
        REAL *swap = from;
        from = to;
        to = swap;
    }
    return from == y;
}

// MARK: Lines of complex numbers, LANES of them side by side

/// Where line `index` of outer · inner lines starts.
APUS_INLINE REAL *NAME(line)(lines x, long index, long inner) {
    return (REAL *)x.data + index / inner * x.outerStep + index % inner * x.innerStep;
}

APUS_CLONES static void NAME(load_lanes)(REAL *re, REAL *im, const REAL *from, long n, long step) {
    for (long j = 0; j < n; ++j) {
        APUS_VECTORIZE for (long l = 0; l < LANES; ++l) {
            re[j * LANES + l] = from[j * step + 2 * l];
            im[j * LANES + l] = from[j * step + 2 * l + 1];
        }
    }
}

APUS_CLONES static void NAME(store_lanes)(REAL *to, const REAL *re, const REAL *im, long n, long step) {
    for (long j = 0; j < n; ++j) {
        APUS_VECTORIZE for (long l = 0; l < LANES; ++l) {
            to[j * step + 2 * l] = re[j * LANES + l];
            to[j * step + 2 * l + 1] = im[j * LANES + l];
        }
    }
}

typedef struct {
    const apus_fft_plan *plan;
    lines out, in;
    long outer, inner;
    bool inverse;
} NAME(job);

/// Blocks of LANES lines. The inverse is the transform of numbers whose parts are exchanged, exchanged again.
static void NAME(transform_blocks)(void *context, long begin, long end) {
    const NAME(job) *job = context;
    const apus_fft_plan *plan = job->plan;
    long n = plan->n, count = job->outer * job->inner, half = n * LANES;
    REAL *x = aligned_alloc(64, 4 * (size_t)half * sizeof(REAL)), *y = x + 2 * half;
    for (long block = begin; block < end; ++block) {
        long first = block * LANES, lanes = count - first < LANES ? count - first : LANES;
        bool isWhole = lanes == LANES && first / job->inner == (first + LANES - 1) / job->inner;
        REAL *re = job->inverse ? x + half : x, *im = job->inverse ? x : x + half;
        if (isWhole && job->in.innerStep == 2) {
            NAME(load_lanes)(re, im, NAME(line)(job->in, first, job->inner), n, job->in.step);
        } else {
            if (lanes < LANES) memset(x, 0, 2 * (size_t)half * sizeof(REAL));
            for (long l = 0; l < lanes; ++l) {
                const REAL *from = NAME(line)(job->in, first + l, job->inner);
                for (long j = 0; j < n; ++j) {
                    re[j * LANES + l] = from[j * job->in.step];
                    im[j * LANES + l] = from[j * job->in.step + 1];
                }
            }
        }
        REAL *result = NAME(run_passes)(plan, x, y) ? y : x;
        re = job->inverse ? result + half : result;
        im = job->inverse ? result : result + half;
        if (isWhole && job->out.innerStep == 2) {
            NAME(store_lanes)(NAME(line)(job->out, first, job->inner), re, im, n, job->out.step);
        } else {
            for (long l = 0; l < lanes; ++l) {
                REAL *to = NAME(line)(job->out, first + l, job->inner);
                for (long j = 0; j < n; ++j) {
                    to[j * job->out.step] = re[j * LANES + l];
                    to[j * job->out.step + 1] = im[j * LANES + l];
                }
            }
        }
    }
    free(x);
}

static void NAME(transform_directly)(const apus_fft_plan *plan, lines out, lines in, long outer, long inner, bool inverse) {
    NAME(job) job = {plan, out, in, outer, inner, inverse};
    long blocks = (outer * inner + LANES - 1) / LANES, work = plan->n * LANES * 16;
    apus_parallel(NAME(transform_blocks), &job, blocks, (1 << 15) / work + 1);
}

// MARK: One long line as a matrix (Bailey 1990): transforms of its columns, twiddles, transforms of its rows

typedef struct {
    REAL *matrix;
    const REAL *crossing;
    long columns;
    bool inverse;
} NAME(crossing);

APUS_CLONES static void NAME(multiply_pairs)(REAL *x, const REAL *w, long count, REAL sign) {
    APUS_VECTORIZE for (long j = 0; j < count; ++j) {
        REAL wr = w[2 * j], wi = sign * w[2 * j + 1], xr = x[2 * j], xi = x[2 * j + 1];
        x[2 * j] = xr * wr - xi * wi;
        x[2 * j + 1] = xr * wi + xi * wr;
    }
}

static void NAME(multiply_crossing)(void *context, long begin, long end) {
    const NAME(crossing) *job = context;
    long start = 2 * begin * job->columns;
    NAME(multiply_pairs)(job->matrix + start, job->crossing + start, (end - begin) * job->columns, job->inverse ? -1 : 1);
}

static void NAME(transform_split)(void *context, long begin, long end) {
    const NAME(job) *job = context;
    const apus_fft_plan *plan = job->plan;
    long rows = plan->rows, columns = plan->columns;
    REAL *matrix = aligned_alloc(64, ((size_t)plan->n * 2 * sizeof(REAL) + 63) / 64 * 64);
    for (long index = begin; index < end; ++index) {
        REAL *from = NAME(line)(job->in, index, job->inner), *to = NAME(line)(job->out, index, job->inner);
        lines in = {(char *)from, 0, job->in.step, columns * job->in.step};
        lines middle = {(char *)matrix, 0, 2, 2 * columns};
        NAME(transform_directly)(plan->ofRows, middle, in, 1, columns, job->inverse);
        NAME(crossing) crossing = {matrix, plan->crossing, columns, job->inverse};
        apus_parallel(NAME(multiply_crossing), &crossing, rows, (1 << 14) / columns + 1);
        lines across = {(char *)matrix, 0, 2 * columns, 2};
        lines out = {(char *)to, 0, job->out.step, rows * job->out.step};
        NAME(transform_directly)(plan->ofColumns, out, across, 1, rows, job->inverse);
    }
    free(matrix);
}

// MARK: Lengths with large prime factors

APUS_CLONES static void NAME(chirped)(REAL *to, const REAL *from, long step, const REAL *chirp, long n, bool swaps) {
    for (long j = 0; j < n; ++j) {
        REAL xr = from[j * step + swaps], xi = from[j * step + !swaps];
        to[2 * j] = xr * chirp[2 * j] - xi * chirp[2 * j + 1];
        to[2 * j + 1] = xr * chirp[2 * j + 1] + xi * chirp[2 * j];
    }
}

static void NAME(transform_by_chirps)(void *context, long begin, long end) {
    const NAME(job) *job = context;
    const apus_fft_plan *plan = job->plan, *padded = plan->padded;
    long n = plan->n, m = padded->n, swaps = job->inverse;
    // As many lines at once as have lanes, unless they are long.
    long most = m > DIRECT_LENGTH ? 1 : LANES;
    REAL *buffer = aligned_alloc(64, ((size_t)(most * m) * 2 * sizeof(REAL) + 63) / 64 * 64);
    for (long first = begin; first < end; first += most) {
        long count = end - first < most ? end - first : most;
        for (long l = 0; l < count; ++l) {
            REAL *a = buffer + 2 * l * m;
            NAME(chirped)(a, NAME(line)(job->in, first + l, job->inner), job->in.step, plan->chirp, n, swaps);
            memset(a + 2 * n, 0, 2 * (size_t)(m - n) * sizeof(REAL));
        }
        lines block = {(char *)buffer, 0, 2 * m, 2};
        NAME(transform)(padded, block, block, 1, count, false);
        for (long l = 0; l < count; ++l) NAME(multiply_pairs)(buffer + 2 * l * m, plan->kernel, m, 1);
        NAME(transform)(padded, block, block, 1, count, true);
        for (long l = 0; l < count; ++l) {
            const REAL *c = buffer + 2 * l * m, *chirp = plan->chirp;
            REAL *to = NAME(line)(job->out, first + l, job->inner);
            for (long k = 0; k < n; ++k) {
                to[k * job->out.step + swaps] = c[2 * k] * chirp[2 * k] - c[2 * k + 1] * chirp[2 * k + 1];
                to[k * job->out.step + !swaps] = c[2 * k] * chirp[2 * k + 1] + c[2 * k + 1] * chirp[2 * k];
            }
        }
    }
    free(buffer);
}

static void NAME(transform)(const apus_fft_plan *plan, lines out, lines in, long outer, long inner, bool inverse) {
    long count = outer * inner;
    NAME(job) job = {plan, out, in, outer, inner, inverse};
    if (plan->padded != NULL) {
        long grain = plan->padded->n > DIRECT_LENGTH ? 1 : LANES;
        apus_parallel(NAME(transform_by_chirps), &job, count, grain);
    } else if (plan->ofRows != NULL && (plan->n > DIRECT_LENGTH || count < LANES / 2)) {
        apus_parallel(NAME(transform_split), &job, count, 1);
    } else {
        NAME(transform_directly)(plan, out, in, outer, inner, inverse);
    }
}

// MARK: Real lines, two as the parts of one complex line: `z = x₁ + i x₂`

/// `X₁[k] = (Z[k] + Z̄[n − k]) / 2`, `X₂[k] = (Z[k] − Z̄[n − k]) / 2i`
APUS_CLONES static void NAME(separate)(REAL *first, REAL *second, long step, const REAL *z, long n) {
    for (long k = 0; k <= n / 2; ++k) {
        long other = k == 0 ? 0 : n - k;
        REAL ar = z[2 * k], ai = z[2 * k + 1], br = z[2 * other], bi = z[2 * other + 1];
        first[k * step] = (ar + br) / 2;
        first[k * step + 1] = (ai - bi) / 2;
        if (second == NULL) continue;
        second[k * step] = (ai + bi) / 2;
        second[k * step + 1] = (br - ar) / 2;
    }
}

/// `Z = X₁ + i X₂`, the second half mirrored; what mirrors itself is real.
APUS_CLONES static void NAME(join)(REAL *z, const REAL *first, const REAL *second, long step, long n) {
    for (long k = 0; k <= n / 2; ++k) {
        long other = k == 0 ? 0 : n - k;
        REAL ar = first[k * step], ai = other == k ? 0 : first[k * step + 1];
        REAL br = second == NULL ? 0 : second[k * step], bi = second == NULL || other == k ? 0 : second[k * step + 1];
        z[2 * k] = ar - bi;
        z[2 * k + 1] = ai + br;
        z[2 * other] = ar + bi;
        z[2 * other + 1] = br - ai;
    }
}

/// Groups of 2 · LANES real lines.
static void NAME(transform_reals)(void *context, long begin, long end) {
    const NAME(job) *job = context;
    long n = job->plan->n, count = job->outer * job->inner, inner = job->inner;
    REAL *buffer = aligned_alloc(64, ((size_t)(LANES * n) * 2 * sizeof(REAL) + 63) / 64 * 64);
    for (long group = begin; group < end; ++group) {
        long first = group * 2 * LANES, left = count - first < 2 * LANES ? count - first : 2 * LANES;
        long pairs = (left + 1) / 2;
        lines block = {(char *)buffer, 0, 2 * n, 2};
        if (job->inverse) {
            for (long l = 0; l < pairs; ++l) {
                const REAL *second = 2 * l + 1 < left ? NAME(line)(job->in, first + 2 * l + 1, inner) : NULL;
                NAME(join)(buffer + 2 * l * n, NAME(line)(job->in, first + 2 * l, inner), second, job->in.step, n);
            }
            NAME(transform)(job->plan, block, block, 1, pairs, true);
            for (long l = 0; l < left; ++l) {
                REAL *to = NAME(line)(job->out, first + l, inner);
                const REAL *from = buffer + l / 2 * 2 * n + l % 2;
                for (long j = 0; j < n; ++j) to[j * job->out.step] = from[2 * j];
            }
        } else {
            if (left % 2 == 1) memset(buffer + 2 * (pairs - 1) * n, 0, 2 * (size_t)n * sizeof(REAL));
            for (long l = 0; l < left; ++l) {
                const REAL *from = NAME(line)(job->in, first + l, inner);
                REAL *to = buffer + l / 2 * 2 * n + l % 2;
                for (long j = 0; j < n; ++j) to[2 * j] = from[j * job->in.step];
            }
            NAME(transform)(job->plan, block, block, 1, pairs, false);
            for (long l = 0; l < pairs; ++l) {
                REAL *second = 2 * l + 1 < left ? NAME(line)(job->out, first + 2 * l + 1, inner) : NULL;
                NAME(separate)(NAME(line)(job->out, first + 2 * l, inner), second, job->out.step, buffer + 2 * l * n, n);
            }
        }
    }
    free(buffer);
}

static void NAME(transform_real)(const apus_fft_plan *plan, lines out, lines in, long outer, long inner, bool inverse) {
    NAME(job) job = {plan, out, in, outer, inner, inverse};
    apus_parallel(NAME(transform_reals), &job, (outer * inner + 2 * LANES - 1) / (2 * LANES), 1);
}

#undef TIMES
