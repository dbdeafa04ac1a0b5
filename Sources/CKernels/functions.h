// Elementary functions of multiplications, additions, divisions, square roots and fused multiply-adds alone, all
// rounded as IEEE 754 says, and of integer operations on the exponent. So they have the same bits on every processor,
// in scalars and in vectors of any width. The text is valid in C and in OpenCL C 1.2. docs/explanation/determinism.md
// has the errors, which Tests/NumericsTests measures.
//
// Whoever includes it defines
//   V, a scalar or a vector of the precision (SINGLE: float, else double), and I, signed integers of the same size;
//   NAME(x), the decorated name, and TARGET, attributes of functions;
//   FUSED(a, b, c), a b + c rounded once; FULL(c), a V of equal elements; ROOT(x), the square root;
//   BITS(x), the I with x's bits, and NUMBER(i), the V with i's bits; WHOLE(c), a constant of I's element;
//   LEFT(i, n), a shift to the left; CHOOSE(mask, a, b), a where the comparison `mask` holds, else b.

#ifdef SINGLE
TARGET static inline V NAME(clamp)(V x, float low, float high) {
  // A NaN fails both comparisons and passes through.
  x = CHOOSE(x < FULL(low), FULL(low), x);
  return CHOOSE(x > FULL(high), FULL(high), x);
}

// tanh: rational minimax approximation of degree 13/6 (as in Eigen's ptanh).
TARGET static inline V NAME(tanh)(V x) {
  x = NAME(clamp)(x, -7.90531110763549805f, 7.90531110763549805f);
  V s = x * x;
  V p = FUSED(s, FULL(-2.76076847742355e-16f), FULL(2.00018790482477e-13f));
  p = FUSED(s, p, FULL(-8.60467152213735e-11f));
  p = FUSED(s, p, FULL(5.12229709037114e-08f));
  p = FUSED(s, p, FULL(1.48572235717979e-05f));
  p = FUSED(s, p, FULL(6.37261928875436e-04f));
  p = FUSED(s, p, FULL(4.89352455891786e-03f));
  V q = FUSED(s, FULL(1.19825839466702e-06f), FULL(1.18534705686654e-04f));
  q = FUSED(s, q, FULL(2.26843463243900e-03f));
  q = FUSED(s, q, FULL(4.89352518554385e-03f));
  return x * p / q;
}

// exp: Cephes' expf. Results saturate at the ends of the range of normal numbers, and NaN remains NaN.
TARGET static inline V NAME(exp)(V x) {
  x = NAME(clamp)(x, -87.0f, 88.0f);
  V k = FUSED(x, FULL(1.44269504088896341f), FULL(0x1.8p23f));  // the nearest integer is in the low bits
  V f = k - FULL(0x1.8p23f);
  V r = FUSED(f, FULL(-0.693359375f), x);
  r = FUSED(f, FULL(2.12194440e-4f), r);
  V p = FUSED(r, FULL(1.9875691500e-4f), FULL(1.3981999507e-3f));
  p = FUSED(p, r, FULL(8.3334519073e-3f));
  p = FUSED(p, r, FULL(4.1665795894e-2f));
  p = FUSED(p, r, FULL(1.6666665459e-1f));
  p = FUSED(p, r, FULL(5.0000001201e-1f));
  V y = FUSED(p, r * r, r) + FULL(1.0f);
  return y * NUMBER(LEFT(BITS(k), 23) + (127 << 23));
}

// log(1 + e) for 0 <= e <= 1: Cephes' logf of 1 + e or of half of it.
TARGET static inline V NAME(log1p)(V e) {
  V n = CHOOSE(e > FULL(0.41421356f), FULL(1.0f), FULL(0.0f));
  V m = CHOOSE(e > FULL(0.41421356f), FUSED(FULL(0.5f), e, FULL(-0.5f)), e);
  V z = m * m;
  V p = FUSED(m, FULL(7.0376836292e-2f), FULL(-1.1514610310e-1f));
  p = FUSED(p, m, FULL(1.1676998740e-1f));
  p = FUSED(p, m, FULL(-1.2420140846e-1f));
  p = FUSED(p, m, FULL(1.4249322787e-1f));
  p = FUSED(p, m, FULL(-1.6668057665e-1f));
  p = FUSED(p, m, FULL(2.0000714765e-1f));
  p = FUSED(p, m, FULL(-2.4999993993e-1f));
  p = FUSED(p, m, FULL(3.3333331174e-1f));
  V y = FUSED(z, FULL(-0.5f), FUSED(p * m, z, n * FULL(-2.12194440e-4f)));
  return FUSED(n, FULL(0.693359375f), m + y);
}

// e^-|x|, from which logistic and softplus of x follow.
TARGET static inline V NAME(decay)(V x) { return NAME(exp)(NUMBER(BITS(x) | (int)0x80000000)); }

// erf: rational minimax approximation of degree 13/8 (as in Eigen's generic erf).
TARGET static inline V NAME(erf)(V x) {
  x = NAME(clamp)(x, -4.0f, 4.0f);
  V s = x * x;
  V p = FUSED(s, FULL(-2.72614225801306e-10f), FULL(2.77068142495902e-08f));
  p = FUSED(s, p, FULL(-2.10102402082508e-06f));
  p = FUSED(s, p, FULL(-5.69250639462346e-05f));
  p = FUSED(s, p, FULL(-7.34990630326855e-04f));
  p = FUSED(s, p, FULL(-2.95459980854025e-03f));
  p = FUSED(s, p, FULL(-1.60960333262415e-02f));
  V q = FUSED(s, FULL(-1.45660718464996e-05f), FULL(-2.13374055278905e-04f));
  q = FUSED(s, q, FULL(-1.68282697438203e-03f));
  q = FUSED(s, q, FULL(-7.37332916720468e-03f));
  q = FUSED(s, q, FULL(-1.42647390514189e-02f));
  return x * p / q;
}

// Constants that the functions below need in both precisions.
#define REAL_CONSTANT(c) FULL(c##f)
// Below -4 sqrt(2), where erf's argument is clamped, gelu's error would grow with |x|.
#define GELU(x, y) CHOOSE((x) < FULL(-5.65685425f), FULL(0.0f), y)
#else  // double precision

// The nearest integer to x, |x| < 2^51, appears in the low bits of x + ROUNDER.
#define ROUNDER FULL(0x1.8p52)
#define ROUNDER_BITS WHOLE(0x4338000000000000)
#define LN2_HIGH FULL(0x1.62e42fefa38p-1)
#define LN2_LOW FULL(0x1.ef35793c7673p-45)
#define NOT_A_NUMBER NUMBER(BITS(FULL(0.0)) + WHOLE(0x7ff8000000000000))
#define INFINITE NUMBER(BITS(FULL(0.0)) + WHOLE(0x7ff0000000000000))
#define MAGNITUDE(x) NUMBER(BITS(x) & WHOLE(0x7fffffffffffffff))
// x with the sign bit of s.
#define WITH_SIGN(x, s) NUMBER(BITS(x) | (BITS(s) & BITS(FULL(-0.0))))

// x = k ln 2 + r with |r| <= ln(2) / 2 for |x| <= 2048; k is in the low bits of *k. Reduced as by Cody and Waite, with
// ln 2 in two parts.
TARGET static inline V NAME(reduced)(V x, V *k, V *first) {
  *k = FUSED(x, FULL(1.4426950408889634), ROUNDER);
  V n = *k - ROUNDER;
  *first = FUSED(n, -LN2_HIGH, x);
  return FUSED(n, -LN2_LOW, *first);
}

// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2, by the polynomial of degree 10 whose error, times r^2, is least: 2^-64.
TARGET static inline V NAME(exp_series)(V r) {
  V p = FUSED(r, FULL(0x1.1f9de0773f4b6p-29), FULL(0x1.af6cd1796128fp-26));
  p = FUSED(p, r, FULL(0x1.27e4bf381d6d9p-22));
  p = FUSED(p, r, FULL(0x1.71ddef90c1af1p-19));
  p = FUSED(p, r, FULL(0x1.a01a01b45380dp-16));
  p = FUSED(p, r, FULL(0x1.a01a01b3bc8f1p-13));
  p = FUSED(p, r, FULL(0x1.6c16c16c13588p-10));
  p = FUSED(p, r, FULL(0x1.111111110ebaep-7));
  p = FUSED(p, r, FULL(0x1.555555555555ep-5));
  p = FUSED(p, r, FULL(0x1.555555555555cp-3));
  return FUSED(p, r, FULL(0.5));
}

// e^x = scale (1 + r + rest) for |x| <= 708. The result is r, |r| <= ln(2) / 2.
TARGET static inline V NAME(exp_parts)(V x, V *rest, V *scale) {
  V k, first, r = NAME(reduced)(x, &k, &first);
  *scale = NUMBER(LEFT(BITS(k), 52) + WHOLE(0x3ff0000000000000));
  *rest = FUSED(NAME(exp_series)(r), r * r, FUSED(k - ROUNDER, -LN2_LOW, first - r));
  return r;
}

// e^(high + low), where |low| is at most an ulp of `high`: 0 below the smallest number, infinity above the largest.
TARGET static inline V NAME(exp_of_sum)(V high, V low) {
  V x = CHOOSE(high < FULL(-750.0), FULL(-750.0), CHOOSE(high > FULL(720.0), FULL(720.0), high));
  low = CHOOSE(MAGNITUDE(high) <= FULL(746.0), low, FULL(0.0));
  V k, first, r = NAME(reduced)(x, &k, &first);
  V rest = FUSED(k - ROUNDER, -LN2_LOW, first - r) + low;
  V one = FULL(1.0) + r, curve = r * r * NAME(exp_series)(r);
  V y = one + ((r - (one - FULL(1.0))) + FUSED(rest, one + curve, curve));
  // Two factors, because the result may be too small for one normal factor.
  I n = BITS(k) - ROUNDER_BITS, halved = n >> 1;
  y = y * NUMBER(LEFT(halved + 1023, 52)) * NUMBER(LEFT(n - halved + 1023, 52));
  return CHOOSE(high != high, high, y);
}
TARGET static inline V NAME(exp)(V x) { return NAME(exp_of_sum)(x, FULL(0.0)); }

// x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), for finite x > 0. The result is f.
TARGET static inline V NAME(split)(V x, V *k) {
  V y = CHOOSE(x < FULL(0x1p-1022), x * FULL(0x1p54), CHOOSE(x < INFINITE, x, FULL(1.0)));
  I bits = BITS(y) + WHOLE(0x00095f619980c433);  // sqrt(1/2) becomes 1
  V e = NUMBER((bits >> 52) + (ROUNDER_BITS - 1023)) - ROUNDER;
  *k = CHOOSE(x < FULL(0x1p-1022), e - FULL(54.0), e);
  return NUMBER((bits & WHOLE(0x000fffffffffffff)) + WHOLE(0x3fe6a09e667f3bcd)) - FULL(1.0);
}

// k ln 2 + ln(1 + f) + rest for |f| < 0.42 and a small rest. With s = f / (2 + f),
//     ln(1 + f) = 2 artanh(s) = f - f^2/2 + s (f^2/2 + s^2 P(s^2)).
TARGET static inline V NAME(log_of_parts)(V k, V f, V rest) {
  V s = f / (FULL(2.0) + f), z = s * s, halved = FULL(0.5) * f * f;
  V p = FUSED(z, FULL(0x1.0f633746b96e1p-3), FULL(0x1.0f5cc471224eap-3));
  p = FUSED(p, z, FULL(0x1.3b20abca553b2p-3));
  p = FUSED(p, z, FULL(0x1.745cde3411e73p-3));
  p = FUSED(p, z, FULL(0x1.c71c7259038eap-3));
  p = FUSED(p, z, FULL(0x1.249249242b3b1p-2));
  p = FUSED(p, z, FULL(0x1.9999999999dffp-2));
  p = FUSED(p, z, FULL(0x1.5555555555555p-1));
  return FUSED(k, LN2_HIGH, f - (halved - FUSED(s, FUSED(p, z, halved), FUSED(k, LN2_LOW, rest))));
}

// The value y of a logarithm whose argument is u; special cases.
TARGET static inline V NAME(log_or_special)(V u, V y) {
  y = CHOOSE(u == FULL(0.0), -INFINITE, CHOOSE(u < FULL(0.0), NOT_A_NUMBER, y));
  return CHOOSE(u < INFINITE, y, u);
}
TARGET static inline V NAME(log)(V x) {
  V k, f = NAME(split)(x, &k);
  return NAME(log_or_special)(x, NAME(log_of_parts)(k, f, FULL(0.0)));
}
TARGET static inline V NAME(log1p)(V x) {
  V u = FULL(1.0) + x, k, f = NAME(split)(u, &k);
  // What the sum 1 + x lost.
  V lost = CHOOSE(x > FULL(1.0), FULL(1.0) - (u - x), x - (u - FULL(1.0))) / u;
  f = CHOOSE(k == FULL(0.0), x, f);
  lost = CHOOSE(k == FULL(0.0), FULL(0.0), lost);
  return NAME(log_or_special)(u, NAME(log_of_parts)(k, f, lost));
}

// sin and cos of 2 pi t, |t| < 2^48.
TARGET static inline void NAME(turn)(V t, V *sine, V *cosine) {
  V quarter = FUSED(t, FULL(4.0), ROUNDER);
  V r = FUSED(quarter - ROUNDER, FULL(-0.25), t);
  // a + b = 2 pi r, |a| <= pi/4
  V a = r * FULL(0x1.921fb54442d18p+2);
  V b = FUSED(r, FULL(0x1.1a62633145c07p-52), FUSED(r, FULL(0x1.921fb54442d18p+2), -a));
  V z = a * a;
  V p = FUSED(z, FULL(-0x1.aaa557ed682adp-41), FULL(0x1.612092d694bfep-33));
  p = FUSED(p, z, FULL(-0x1.ae64529876e94p-26));
  p = FUSED(p, z, FULL(0x1.71de3a5339934p-19));
  p = FUSED(p, z, FULL(-0x1.a01a01a018ae5p-13));
  p = FUSED(p, z, FULL(0x1.111111111110bp-7));
  p = FUSED(p, z, FULL(-0x1.5555555555555p-3));
  V q = FUSED(z, FULL(-0x1.8faea47b05021p-37), FULL(0x1.1ee9ebf4454e8p-29));
  q = FUSED(q, z, FULL(-0x1.27e4f809f968ep-22));
  q = FUSED(q, z, FULL(0x1.a01a019cb1bd5p-16));
  q = FUSED(q, z, FULL(-0x1.6c16c16c1517dp-10));
  q = FUSED(q, z, FULL(0x1.555555555554cp-5));
  V halved = FULL(0.5) * z, rest = FULL(1.0) - halved;
  V s = a + FUSED(z * a, p, b * rest);
  V c = rest + (((FULL(1.0) - rest) - halved) + FUSED(z * z, q, -(a * b)));
  I odd = BITS(quarter) & 1, n = BITS(quarter);
  *sine = NUMBER(BITS(CHOOSE(odd == 1, c, s)) ^ LEFT(n & 2, 62));
  *cosine = NUMBER(BITS(CHOOSE(odd == 1, s, c)) ^ LEFT((n + 1) & 2, 62));
}

// A pair of standard normal numbers from u and v in (0, 1) (Box and Muller, doi:10.1214/aoms/1177706645).
TARGET static inline void NAME(normal_pair)(V u, V v, V *first, V *second) {
  V radius = ROOT(FULL(-2.0) * NAME(log)(u)), sine, cosine;
  NAME(turn)(v, &sine, &cosine);
  *first = radius * cosine;
  *second = radius * sine;
}

// m / (m + 2) with m = e^2|x| - 1 = scale - 1 + scale (r + rest), without cancellation.
TARGET static inline V NAME(tanh)(V x) {
  V size = MAGNITUDE(x), rest, scale;
  V r = NAME(exp_parts)(CHOOSE(size > FULL(20.0), FULL(40.0), FULL(2.0) * size), &rest, &scale);
  V a = scale * r, b = scale - FULL(1.0), sum = a + b;
  V m = sum + FUSED(scale, rest, a - (sum - b));
  return CHOOSE(x != x, x, WITH_SIGN(m / (m + FULL(2.0)), x));
}

// e^-|x|, from which logistic and softplus of x follow. Below -708, where it is less than 4e-308, it is 0.
TARGET static inline V NAME(decay)(V x) {
  V size = MAGNITUDE(x), rest, scale;
  V r = NAME(exp_parts)(-CHOOSE(size > FULL(708.0), FULL(708.0), size), &rest, &scale);
  return CHOOSE(size > FULL(708.0), FULL(0.0), FUSED(scale, r + rest, scale));
}

// erf: x + x P(x^2) up to 1, then 1 - e^-R(|x|), whose polynomials have the least largest error.
TARGET static inline V NAME(erf)(V x) {
  V t = CHOOSE(MAGNITUDE(x) > FULL(6.0), FULL(6.0), MAGNITUDE(x)), z = t * t;
  V p = FUSED(z, FULL(0x1.06271a22752acp-34), FULL(-0x1.38ac09684d4e6p-30));
  p = FUSED(p, z, FULL(0x1.f7b994c408649p-27));
  p = FUSED(p, z, FULL(-0x1.5f1f401c26d1cp-23));
  p = FUSED(p, z, FULL(0x1.b9df3040692c1p-20));
  p = FUSED(p, z, FULL(-0x1.f4d1e4325bf2cp-17));
  p = FUSED(p, z, FULL(0x1.f9a321e4961c9p-14));
  p = FUSED(p, z, FULL(-0x1.c02db3db48309p-11));
  p = FUSED(p, z, FULL(0x1.565bcd0dbd8a5p-8));
  p = FUSED(p, z, FULL(-0x1.b82ce31284f35p-6));
  p = FUSED(p, z, FULL(0x1.ce2f21a042b34p-4));
  p = FUSED(p, z, FULL(-0x1.812746b0379e6p-2));
  p = FUSED(p, z, FULL(0x1.06eba8214db69p-3));
  V r = FUSED(t, FULL(-0x1.244b874d803d0p-40), FULL(0x1.a1bb8469de732p-35));
  r = FUSED(r, t, FULL(-0x1.176b09410a4e3p-30));
  r = FUSED(r, t, FULL(0x1.d06508b29e01dp-27));
  r = FUSED(r, t, FULL(-0x1.0bf39a3262453p-23));
  r = FUSED(r, t, FULL(0x1.c591eec81b1bdp-21));
  r = FUSED(r, t, FULL(-0x1.20930b62359dfp-18));
  r = FUSED(r, t, FULL(0x1.1366c8060a440p-16));
  r = FUSED(r, t, FULL(-0x1.77671baa514c4p-15));
  r = FUSED(r, t, FULL(0x1.245fcde5a6047p-14));
  r = FUSED(r, t, FULL(0x1.822d4e9a438abp-15));
  r = FUSED(r, t, FULL(-0x1.511787a5bd506p-11));
  r = FUSED(r, t, FULL(0x1.d0460799c6aa5p-10));
  r = FUSED(r, t, FULL(-0x1.2811ae82e20a3p-12));
  r = FUSED(r, t, FULL(-0x1.388e304e32ca2p-6));
  r = FUSED(r, t, FULL(0x1.a4d99e1fd5666p-4));
  r = FUSED(r, t, FULL(0x1.45f43310692c6p-1));
  r = FUSED(r, t, FULL(0x1.20dd555718d63p+0));
  r = FUSED(r, t, FULL(0x1.8cb0dc57db723p-23));
  V rest, scale, e = NAME(exp_parts)(-r, &rest, &scale);
  V y = CHOOSE(t <= FULL(1.0), FUSED(t, p, t), FULL(1.0) - FUSED(scale, e + rest, scale));
  return CHOOSE(x != x, x, WITH_SIGN(y, x));
}

// ln x = high + low to 2^-65 of it, for finite x > 0.
//     ln x = k ln 2 + 2 s + 2/3 s^3 + s^5 Q(s^2),   s = f / (2 + f)
TARGET static inline V NAME(long_log)(V x, V *low) {
  V k, f = NAME(split)(x, &k);
  V d = FULL(2.0) + f, d_low = f - (d - FULL(2.0));
  V s = f / d, s_low = (FUSED(-s, d, f) - s * d_low) / d;
  V z = s * s, z_low = FUSED(s, s, -z) + FULL(2.0) * s * s_low;
  V w = s * z, w_low = FUSED(s, z, -w) + FUSED(s, z_low, s_low * z);
  V q = FUSED(z, FULL(0x1.eb127dac51d87p-4), FULL(0x1.de33448b7a344p-4));
  q = FUSED(q, z, FULL(0x1.1120b6c98d3e6p-3));
  q = FUSED(q, z, FULL(0x1.3b1362adc74b3p-3));
  q = FUSED(q, z, FULL(0x1.745d183274711p-3));
  q = FUSED(q, z, FULL(0x1.c71c71c5801adp-3));
  q = FUSED(q, z, FULL(0x1.2492492493038p-2));
  q = FUSED(q, z, FULL(0x1.9999999999996p-2));
  // 2/3 s^3
  V c = w * FULL(0x1.5555555555555p-1);
  V c_low = FUSED(w, FULL(0x1.5555555555555p-1), -c) +
            FUSED(w, FULL(0x1.5555555555555p-55), w_low * FULL(0x1.5555555555555p-1));
  V whole = k * LN2_HIGH, double_s = FULL(2.0) * s;
  V a = whole + double_s, a_low = double_s - (a - whole);
  V b = a + c, b_low = c - (b - a);
  V rest = FUSED(FULL(2.0), s_low, c_low) + FUSED(k, LN2_LOW, w * z * q);
  V small = (a_low + b_low) + rest;
  V high = b + small;
  *low = small - (high - b);
  return high;
}

// x^y for x >= 0. As in C, x^0 = 1^y = 1, and x < 0 gives a value only for whole y, |y| < 2^51.
TARGET static inline V NAME(pow)(V x, V y) {
  V size = MAGNITUDE(x), low, high = NAME(long_log)(CHOOSE(size < INFINITE, size, FULL(1.0)), &low);
  high = CHOOSE(size == FULL(0.0), -INFINITE, CHOOSE(size == INFINITE, INFINITE, high));
  low = CHOOSE(MAGNITUDE(high) < INFINITE, low, FULL(0.0));
  V product = y * high;
  V rest = FUSED(y, high, -product) + y * low;
  rest = CHOOSE(MAGNITUDE(product) < FULL(1000.0), rest, FULL(0.0));
  V p = NAME(exp_of_sum)(product, rest);
  // The lowest bit of `shifted` tells whether a whole y is odd.
  V shifted = y + ROUNDER;
  V sign = NUMBER(LEFT(BITS(shifted), 63));
  V negative = CHOOSE(size == FULL(0.0), p, NOT_A_NUMBER);
  p = CHOOSE(BITS(x) < 0, CHOOSE(shifted - ROUNDER == y, WITH_SIGN(p, sign), negative), p);
  p = CHOOSE(x != x, x, CHOOSE(y != y, y, p));
  return CHOOSE(x == FULL(1.0), FULL(1.0), CHOOSE(y == FULL(0.0), FULL(1.0), p));
}

#define REAL_CONSTANT(c) FULL(c)
#define GELU(x, y) (y)
#endif  // SINGLE

TARGET static inline V NAME(logistic_by)(V x, V e) {
  return CHOOSE(x < REAL_CONSTANT(0.0), e, REAL_CONSTANT(1.0)) / (REAL_CONSTANT(1.0) + e);
}
// max(x, 0) + log(1 + e^-|x|)
TARGET static inline V NAME(softplus_by)(V x, V e) {
  return CHOOSE(x > REAL_CONSTANT(0.0), x, REAL_CONSTANT(0.0)) + NAME(log1p)(e);
}
TARGET static inline V NAME(logistic)(V x) { return NAME(logistic_by)(x, NAME(decay)(x)); }
TARGET static inline V NAME(softplus)(V x) { return NAME(softplus_by)(x, NAME(decay)(x)); }

// x Phi(x) = x / 2 (1 + erf(x / sqrt 2))
TARGET static inline V NAME(gelu)(V x) {
  V y = REAL_CONSTANT(1.0) + NAME(erf)(x * REAL_CONSTANT(0.70710678118654752440));
  return GELU(x, REAL_CONSTANT(0.5) * x * y);
}
// Its slope, Phi(x) + x phi(x).
TARGET static inline V NAME(gelu_slope)(V x) {
  return FUSED(REAL_CONSTANT(0.5), REAL_CONSTANT(1.0) + NAME(erf)(x * REAL_CONSTANT(0.70710678118654752440)),
               x * REAL_CONSTANT(0.39894228040143267794) * NAME(exp)(REAL_CONSTANT(-0.5) * x * x));
}
#undef REAL_CONSTANT
#undef GELU
