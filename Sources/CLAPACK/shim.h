/// The routines of LAPACK and BLAS that factorizations need, with arguments by value. Matrices lie by columns.
///
/// LAPACK is Fortran: everything is passed by address, and the lengths of strings follow at the end. OpenBLAS's package has no header
/// for it, so the prototypes are here.
#pragma once

#include <stddef.h>

#if !__has_include(<openblas-openmp/openblas_config.h>) && !__has_include(<openblas_config.h>)
#error "Apus needs Debian's libopenblas-openmp-dev. Run scripts/setup, or: apt-get install libopenblas-openmp-dev"
#endif

#define APUS_LAPACK(real, p)                                                                                             \
    void p##potrf_(const char *uplo, const int *n, real *a, const int *lda, int *info, size_t);                          \
    void p##getrf_(const int *m, const int *n, real *a, const int *lda, int *pivots, int *info);                         \
    void p##geqrf_(const int *m, const int *n, real *a, const int *lda, real *tau, real *work, const int *lwork,         \
                   int *info);                                                                                           \
    void p##orgqr_(const int *m, const int *n, const int *k, real *a, const int *lda, const real *tau, real *work,       \
                   const int *lwork, int *info);                                                                         \
    void p##syevd_(const char *jobz, const char *uplo, const int *n, real *a, const int *lda, real *w, real *work,       \
                   const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);                          \
    void p##gesdd_(const char *jobz, const int *m, const int *n, real *a, const int *lda, real *s, real *u,              \
                   const int *ldu, real *vt, const int *ldvt, real *work, const int *lwork, int *iwork, int *info,       \
                   size_t);                                                                                              \
    void p##trsm_(const char *side, const char *uplo, const char *trans, const char *diag, const int *m, const int *n,   \
                  const real *alpha, const real *a, const int *lda, real *b, const int *ldb, size_t, size_t, size_t,     \
                  size_t);                                                                                               \
                                                                                                                         \
    static inline int apus_##p##potrf(char uplo, int n, real *a) {                                                       \
        int info;                                                                                                        \
        p##potrf_(&uplo, &n, a, &n, &info, 1);                                                                           \
        return info;                                                                                                     \
    }                                                                                                                    \
    static inline int apus_##p##getrf(int m, int n, real *a, int *pivots) {                                              \
        int info;                                                                                                        \
        p##getrf_(&m, &n, a, &m, pivots, &info);                                                                         \
        return info;                                                                                                     \
    }                                                                                                                    \
    static inline int apus_##p##geqrf(int m, int n, real *a, real *tau, real *work, int lwork) {                         \
        int info;                                                                                                        \
        p##geqrf_(&m, &n, a, &m, tau, work, &lwork, &info);                                                              \
        return info;                                                                                                     \
    }                                                                                                                    \
    static inline int apus_##p##orgqr(int m, int n, int k, real *a, const real *tau, real *work, int lwork) {            \
        int info;                                                                                                        \
        p##orgqr_(&m, &n, &k, a, &m, tau, work, &lwork, &info);                                                          \
        return info;                                                                                                     \
    }                                                                                                                    \
    static inline int apus_##p##syevd(char jobz, char uplo, int n, real *a, real *w, real *work, int lwork, int *iwork,  \
                                      int liwork) {                                                                      \
        int info;                                                                                                        \
        p##syevd_(&jobz, &uplo, &n, a, &n, w, work, &lwork, iwork, &liwork, &info, 1, 1);                                \
        return info;                                                                                                     \
    }                                                                                                                    \
    static inline int apus_##p##gesdd(char jobz, int m, int n, real *a, real *s, real *u, real *vt, int k, real *work,   \
                                      int lwork, int *iwork) {                                                           \
        int info;                                                                                                        \
        p##gesdd_(&jobz, &m, &n, a, &m, s, u, &m, vt, &k, work, &lwork, iwork, &info, 1);                                \
        return info;                                                                                                     \
    }                                                                                                                    \
    static inline void apus_##p##trsm(char side, char uplo, char trans, char diag, int m, int n, const real *a, int lda, \
                                      real *b) {                                                                         \
        real one = 1;                                                                                                    \
        p##trsm_(&side, &uplo, &trans, &diag, &m, &n, &one, a, &lda, b, &m, 1, 1, 1, 1);                                 \
    }

APUS_LAPACK(float, s)
APUS_LAPACK(double, d)
#undef APUS_LAPACK
