#!/usr/bin/env python3
"""Makes functions.txt: values of the elementary functions, by mpmath (PyPI) with 60 decimal digits.

    python3 Tests/NumericsTests/make_functions.py > Tests/NumericsTests/functions.txt

Each line is: function, arguments, high, low. All numbers are hexadecimal; high + low is the value to about 106 bits,
so that an error can be measured to a small part of the last place. The points are those where the largest errors were
found among some millions, borders of the approximations' ranges, and a sample over each range.
"""
import random

from mpmath import erf, exp, cos, floor, log, log1p, mp, mpf, pi, sin, tanh

mp.dps = 60
draw = random.Random(20261128)


def line(name, arguments, value):
    high = float(value)
    low = float(value - mpf(high))
    print(name, *(float(x).hex() for x in arguments), high.hex(), low.hex())


def spread(low, high, count):
    """Evenly, one at random in each of `count` intervals."""
    step = (high - low) / count
    return [low + (k + draw.random()) * step for k in range(count)]


def magnitudes(low, high, count, signs=(1,)):
    """Evenly in the logarithm, from 2^low to 2^high."""
    return [draw.choice(signs) * 2.0**e for e in spread(low, high, count)]


def turn(t):
    return 2 * pi * (t - floor(t))


def logistic(x):
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def softplus(x):
    return max(x, mpf(0)) + log1p(exp(-abs(x)))


both = (1, -1)
tables = {
    # Below e^-700 a double could not hold the low part.
    "exp": (exp, [float.fromhex("-0x1.07800db8a4d57p+0"), float.fromhex("0x1.97acad0d0a4a3p-2"), 0.3465735902799727, -0.3465735902799727,
                  709.78, 1e-300]
            + spread(-700, 709, 60) + spread(-1.2, 1.2, 40) + magnitudes(-60, 0, 20, both)),
    "log": (log, [1.3972431317260532, 0.37199, 1.62723, 0.7071067811865475, 0.7071067811865476, 1.4142135623730951,
                  5e-324, 1e-310, 1.7976931348623157e308, 1 - 2.0**-53, 1 + 2.0**-52]
            + magnitudes(-1070, 1023, 40) + spread(0.5, 2, 60)
            + [1 + x for x in magnitudes(-50, -2, 20, both)]),
    "log1p": (log1p, [0.39824803129404507, 0.399215, -0.627815, 1e-300, -(1 - 2.0**-53), 1.0, 0.41421356237309515]
              + magnitudes(-60, 60, 40) + spread(-0.9999, 1.2, 60) + magnitudes(-60, -2, 20, both)),
    "sin": (lambda t: sin(turn(t)), [0.62995102365405842, 0.12775, 0.125, 0.375, 0.24999999999999997, 1e-300]
            + spread(0, 1, 60) + magnitudes(-50, 0, 20, both) + spread(-9, 9, 20)),
    "cos": (lambda t: cos(turn(t)), [0.62464877214905712, 0.116313, 0.125, 0.875, 0.24999999999999997, 0.0]
            + spread(0, 1, 60) + magnitudes(-50, 0, 20, both) + spread(-9, 9, 20)),
    "tanh": (tanh, [0.015585411763299414, -0.203644, 0.125101, -0.21041793213032425, 0.17328679513998632, 20.0, 30.0,
                    1e-300] + spread(-20, 20, 40) + spread(-1, 1, 40) + magnitudes(-60, 0, 20, both)),
    "erf": (erf, [-1.0685783053285411, 1.0627, 1.0, 1.0000000000000002, 5.9, 6.0, 7.0, 1e-300]
            + spread(-6, 6, 60) + spread(-1.2, 1.2, 40) + magnitudes(-60, 0, 20, both)),
    "logistic": (logistic, [-3.464929676593552, -1.11113, 0.0, 40.0, -707.9]
                 + spread(-700, 40, 40) + spread(-8, 8, 60) + magnitudes(-40, 0, 10, both)),
    "softplus": (softplus, [0.41694055089520005, -0.463889, -4.85115, 0.0, 800.0, -707.9]
                 + spread(-700, 40, 40) + spread(-8, 8, 60) + magnitudes(-40, 0, 10, both)),
}
for name, (function, points) in tables.items():
    for x in points:
        line(name, [x], function(mpf(x)))

pairs = [(0.9, 1.0), (0.999, 12000.0), (0.9, 7.0), (2.0, -1022.0), (2.0, -1074.0), (10.0, 308.0), (10.0, -12.0), (3.0, 2.0),
         (-3.0, 3.0), (-2.0, 10.0), (float.fromhex("0x1.656fd9af225ddp+0"), float.fromhex("0x1.017c94570f903p+11")),
         (1 + 2.0**-52, 2.0**60), (1e-310, 0.5)]
for x in magnitudes(-1000, 1000, 40) + spread(0.5, 2, 60):
    y = draw.uniform(-700, 700) / float(log(mpf(x)))
    pairs.append((x, draw.choice([y, draw.uniform(-5, 5)])))
for x, y in pairs:
    value = mpf(x) ** mpf(y)
    if mpf("1e-300") < abs(value) < mpf("1e308") or value == 2.0**-1074:
        line("pow", [x, y], value)
