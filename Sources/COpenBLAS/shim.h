#ifndef COPENBLAS_SHIM_H
#define COPENBLAS_SHIM_H
// The few prototypes that are used, declared here instead of including <cblas.h>: that header and
// GSL's own CBLAS header clash when both reach one Swift module.
// The values are those of the reference CBLAS: row-major 101, no transpose 111, transpose 112.

void cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
void cblas_dgemm(int order, int trans_a, int trans_b, int m, int n, int k, double alpha,
                 const double *a, int lda, const double *b, int ldb, double beta, double *c,
                 int ldc);
void openblas_set_num_threads(int count);
char *openblas_get_config(void);
char *openblas_get_corename(void);

#endif
