"""Lead or lag of two series on one grid, written anew with numpy: what the page's card says can be checked by it.

The method is that of `app/analysis/src/stats/leadlag.rs`: each series loses its daily rhythm, its memory (an
autoregression chosen by BIC), single frequencies that stand out, and its largest shocks; then every lag's correlation
of what remains is compared with one limit for all lags together. A gap is NaN. The surrogates that confirm a find are
left out, since they are drawn at random.
"""

import math

import numpy as np

MAX_SHOCK, MAX_LINES, LINE_ALPHA, ALPHA = 4.0, 8, 0.01, 0.05
MIN_PAIRS_AT_LAG, MIN_PERIODS = 30, 4


def card(x, y, max_lag=24, period=24):
    """Correlations by lag (above 0: x leads y), their limit, and the largest of them with its probability."""
    n_both = int((~np.isnan(x) & ~np.isnan(y)).sum())
    max_lag = min(max_lag, n_both // 5)
    period = period if n_both >= MIN_PERIODS * period else 1
    white_x, order_x = whiten(x, period)
    white_y, order_y = whiten(y, period)
    lags, r, n_pairs = ccf(white_x, white_y, max_lag)
    n_free = n_pairs.max() - period
    spread = np.where(n_pairs >= MIN_PAIRS_AT_LAG, np.sqrt(n_pairs / n_pairs.max() / n_free), np.nan)
    r = np.where(np.isnan(spread), np.nan, r)
    best = max(np.flatnonzero(~np.isnan(r)), key=lambda i: (abs(r[i]), -abs(lags[i])))
    return {
        "lags": lags.tolist(),
        "correlation": r.tolist(),
        "bound": bound(spread, n_free),
        "n": int(n_pairs[max_lag]),
        "ar_order": max(order_x, order_y),
        "best_lag": int(lags[best]),
        "best_correlation": float(r[best]),
        "p_raw": two_sided(r[best] / spread[best]),
        "p_family": p_family(abs(r[best]), spread),
    }


def ccf(x, y, max_lag):
    """By lag: sum of products over the most pairs that any lag has, and the pairs (divisor n, as R and statsmodels)."""
    lags = np.arange(-max_lag, max_lag + 1)
    a, b = x - np.nanmean(x), y - np.nanmean(y)
    n = len(x)
    sides = [(a[: n - lag], b[lag:]) if lag >= 0 else (a[-lag:], b[: n + lag]) for lag in lags]
    n_pairs = np.array([int((~np.isnan(p * q)).sum()) for p, q in sides])
    sums = np.array([np.nansum(p * q) for p, q in sides])
    scale = np.sqrt(np.nanmean(a * a) * np.nanmean(b * b)) * n_pairs.max()
    return lags, np.clip(sums / scale, -1, 1), n_pairs


def whiten(series, period):
    level = pulled_in(series)
    if period > 1:
        place = np.arange(len(level)) % period
        level = level - np.array([np.nanmean(level[place == p]) for p in range(period)])[place]
    rest, order = without_memory(level)
    for _ in range(MAX_LINES):
        angle = strongest_line(rest)
        if angle is None:
            break
        level = without_line(level, angle)
        rest, order = without_memory(level)
    return rest, order


def pulled_in(series):
    """Shocks beyond four robust standard deviations are pulled in to there."""
    middle = np.nanmedian(series)
    reach = MAX_SHOCK * 1.4826 * np.nanmedian(abs(series - middle))
    return np.clip(series, middle - reach, middle + reach) if reach > 0 else series


def without_memory(level):
    order = order_by_bic(level, feasible_order(level))
    rows, targets, places = regression(level, order)
    fitted, *_ = np.linalg.lstsq(rows, targets, rcond=None)
    rest = np.full(len(level), np.nan)
    rest[places] = targets - rows @ fitted
    return pulled_in(rest), order


def regression(level, order):
    """A constant and the values before, for every place that has them all."""
    lagged = np.column_stack([np.concatenate([np.full(i, np.nan), level[: len(level) - i]]) for i in range(order + 1)])
    places = np.flatnonzero(~np.isnan(lagged).any(axis=1))
    rows = np.column_stack([np.ones(len(places)), lagged[places, 1:]])
    return rows, lagged[places, 0], places


def feasible_order(level):
    n = int((~np.isnan(level)).sum())
    for order in range(int(10 * math.log10(max(n, 1))), 0, -1):
        n_rows = len(regression(level, order)[1])
        if (order == 1 or n_rows >= 0.8 * n) and n_rows > 5 * (order + 1):
            return order
    return 0


def order_by_bic(level, max_order):
    rows, targets, _ = regression(level, max_order)
    n = len(targets)

    def bic(order):
        part = rows[:, : order + 1]
        left = targets - part @ np.linalg.lstsq(part, targets, rcond=None)[0]
        return n * math.log(left @ left / n) + order * math.log(n)

    return min(range(max_order + 1), key=bic)


def strongest_line(rest):
    """The frequency that stands out of white noise (Fisher's test), in radians a place."""
    deviations = np.nan_to_num(rest - np.nanmean(rest))
    n = 1 << (4 * len(rest) - 1).bit_length()
    power = abs(np.fft.fft(deviations, n)) ** 2
    strongest = 1 + int(np.argmax(power[1 : n // 2]))
    total = deviations @ deviations
    stands_out = power[strongest] > math.log(0.5 * len(rest) / LINE_ALPHA) * total
    return 2 * math.pi * strongest / n if total > 0 and stands_out else None


def without_line(level, angle):
    there = ~np.isnan(level)
    t = np.arange(len(level)) * angle
    waves = np.column_stack([np.cos(t), np.sin(t)])
    fitted, *_ = np.linalg.lstsq(waves[there], level[there] - np.nanmean(level), rcond=None)
    return level - waves @ fitted


def two_sided(z):
    return math.erfc(abs(z) / math.sqrt(2))


def p_family(limit, spread):
    """That chance passes the limit at any lag (Šidák)."""
    return -math.expm1(sum(math.log1p(-two_sided(limit / s)) for s in spread if not math.isnan(s)))


def bound(spread, n_free):
    low, high = 0.0, 8 / math.sqrt(n_free)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if p_family(middle, spread) > ALPHA else (low, middle)
    return high
