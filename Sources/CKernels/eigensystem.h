// Eigenvalues and eigenvectors of a symmetric matrix: Householder's reduction to a tridiagonal matrix, and the QL
// method with implicit shifts (Martin, Reinsch and Wilkinson, doi:10.1007/BF02162166; Bowdler, Martin, Reinsch and
// Wilkinson, doi:10.1007/BF02219771).
//
// Of additions, multiplications, divisions and square roots in a fixed order, so that bits are the same on every
// processor: one sum is added up term by term, and what is done to whole rows is done to each element alone.

// sqrt(a^2 + b^2) without overflow.
static double eigen_length(double a, double b) {
  const double x = a < 0 ? -a : a, y = b < 0 ? -b : b;
  const double large = x > y ? x : y, small = x > y ? y : x;
  if (large == 0) return 0;
  const double ratio = small / large;
  return large * __builtin_elementwise_sqrt(1 + ratio * ratio);
}

static double eigen_size(double x) { return x < 0 ? -x : x; }

static double eigen_sum(const double *x, const double *y, ptrdiff_t count) {
  double sum = 0;
  for (ptrdiff_t k = 0; k < count; k++) sum += x[k] * y[k];
  return sum;
}

// A reflection that makes all but the last of d[0..<i] 0, applied to the leading i x i part of the matrix; row i of
// `a` keeps its direction.
static void eigen_reflect(ptrdiff_t n, ptrdiff_t i, double *a, double *d, double *e) {
  double scale = 0;
  for (ptrdiff_t k = 0; k < i; k++) scale += eigen_size(d[k]);
  if (scale == 0) {
    e[i] = d[i - 1];
    for (ptrdiff_t j = 0; j < i; j++) {
      d[j] = a[j * n + i - 1];
      a[j * n + i] = a[i * n + j] = 0;
    }
    d[i] = 0;
    return;
  }
  for (ptrdiff_t k = 0; k < i; k++) d[k] /= scale;
  double h = eigen_sum(d, d, i);
  const double last = d[i - 1], root = __builtin_elementwise_sqrt(h), g = last > 0 ? -root : root;
  e[i] = scale * g;
  h -= last * g;
  d[i - 1] = last - g;
  for (ptrdiff_t j = 0; j < i; j++) e[j] = 0;
  for (ptrdiff_t j = 0; j < i; j++) {
    const double *row = a + j * n, f = d[j];
    a[i * n + j] = f;
    e[j] += row[j] * f + eigen_sum(row + j + 1, d + j + 1, i - j - 1);
    for (ptrdiff_t k = j + 1; k < i; k++) e[k] += row[k] * f;
  }
  for (ptrdiff_t j = 0; j < i; j++) e[j] /= h;
  const double half = eigen_sum(e, d, i) / (h + h);
  for (ptrdiff_t j = 0; j < i; j++) e[j] -= half * d[j];
  for (ptrdiff_t j = 0; j < i; j++) {
    double *row = a + j * n;
    const double f = d[j], g = e[j];
    for (ptrdiff_t k = j; k < i; k++) row[k] -= f * e[k] + g * d[k];
    d[j] = row[i - 1];
    row[i] = 0;
  }
  d[i] = h;
}

// The product of the reflections, whose directions are in the rows of `a` and whose factors in d.
static void eigen_accumulate(ptrdiff_t n, double *a, double *d) {
  for (ptrdiff_t i = 0; i + 1 < n; i++) {
    a[i * n + n - 1] = a[i * n + i];
    a[i * n + i] = 1;
    const double h = d[i + 1];
    double *direction = a + (i + 1) * n;
    if (h != 0) {
      for (ptrdiff_t k = 0; k <= i; k++) d[k] = direction[k] / h;
      for (ptrdiff_t j = 0; j <= i; j++) {
        const double g = eigen_sum(direction, a + j * n, i + 1);
        for (ptrdiff_t k = 0; k <= i; k++) a[j * n + k] -= g * d[k];
      }
    }
    for (ptrdiff_t k = 0; k <= i; k++) direction[k] = 0;
  }
  for (ptrdiff_t j = 0; j < n; j++) {
    d[j] = a[j * n + n - 1];
    a[j * n + n - 1] = 0;
  }
  a[n * n - 1] = 1;
}

// One step of the QL method on the rows l...m of the tridiagonal matrix with the diagonal d, and e beside it. Rows of
// `a` turn with it. The shift is returned.
static double eigen_step(ptrdiff_t n, ptrdiff_t l, ptrdiff_t m, double *a, double *d, double *e) {
  const double begin = d[l], start = (d[l + 1] - begin) / (2 * e[l]);
  const double length = eigen_length(start, 1), root = start < 0 ? start - length : start + length;
  d[l] = e[l] / root;
  d[l + 1] = e[l] * root;
  const double next = d[l + 1], beside = e[l + 1], shift = begin - d[l];
  for (ptrdiff_t i = l + 2; i < n; i++) d[i] -= shift;
  double p = d[m], c = 1, c2 = 1, c3 = 1, s = 0, s2 = 0;
  for (ptrdiff_t i = m - 1; i >= l; i--) {
    c3 = c2, c2 = c, s2 = s;
    const double g = c * e[i], h = c * p, r = eigen_length(p, e[i]);
    e[i + 1] = s * r;
    s = e[i] / r;
    c = p / r;
    p = c * d[i] - s * g;
    d[i + 1] = h + s * (c * g + s * d[i]);
    double *first = a + i * n, *second = first + n;
    for (ptrdiff_t k = 0; k < n; k++) {
      const double x = first[k], y = second[k];
      second[k] = s * x + c * y;
      first[k] = c * x - s * y;
    }
  }
  p = -s * s2 * c3 * beside * e[l] / next;
  e[l] = s * p;
  d[l] = c * p;
  return shift;
}

int ckernels_symmetric_eigensystem(ptrdiff_t n, double *a, double *values, double *beside) {
  double *d = values, *e = beside;
  if (n == 0) return 1;
  for (ptrdiff_t j = 0; j < n; j++) d[j] = a[j * n + n - 1];
  for (ptrdiff_t i = n - 1; i > 0; i--) eigen_reflect(n, i, a, d, e);
  eigen_accumulate(n, a, d);
  for (ptrdiff_t i = 1; i < n; i++) e[i - 1] = e[i];
  e[n - 1] = 0;
  double moved = 0, largest = 0;
  for (ptrdiff_t l = 0; l < n; l++) {
    const double size = eigen_size(d[l]) + eigen_size(e[l]);
    if (size > largest) largest = size;
    if (!(largest < 0x1p1000)) return 0;
    const double negligible = 0x1p-52 * largest;
    ptrdiff_t m = l;
    while (m + 1 < n && eigen_size(e[m]) > negligible) m++;
    for (int step = 0; m > l && eigen_size(e[l]) > negligible; step++) {
      if (step == 60) return 0;
      moved += eigen_step(n, l, m, a, d, e);
    }
    d[l] += moved;
    e[l] = 0;
  }
  // In descending order; of equal ones the first stays first.
  for (ptrdiff_t i = 0; i < n; i++) {
    ptrdiff_t best = i;
    for (ptrdiff_t k = i + 1; k < n; k++)
      if (d[k] > d[best]) best = k;
    for (; best > i; best--) {
      const double value = d[best];
      d[best] = d[best - 1], d[best - 1] = value;
      for (ptrdiff_t k = 0; k < n; k++) {
        const double x = a[best * n + k];
        a[best * n + k] = a[(best - 1) * n + k], a[(best - 1) * n + k] = x;
      }
    }
  }
  return 1;
}
