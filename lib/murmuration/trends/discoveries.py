"""Looking at many things at once without finding what is not there."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def q_values(chances: Floats) -> Floats:
    """Give for each of many tests the false discovery rate of a list that ends with it.

    Those of at most .1 are a list of which one in ten is false on average, where tests are independent or depend
    positively on each other. NaN where there is no test.

    References
    ----------
    Benjamini & Hochberg 1995, J. R. Statist. Soc. B 57(1); dependence: Benjamini & Yekutieli 2001, Annals of Statistics 29(4).
    """
    found = np.full(len(chances), np.nan)
    there = np.flatnonzero(~np.isnan(chances))
    if not len(there):
        return found
    order = there[np.argsort(chances[there], kind="stable")]
    scaled = chances[order] * len(order) / np.arange(1, len(order) + 1)
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found


def combine_chances(chances: Floats) -> Floats:
    """Give one chance for several tests of the same hypothesis, shape (n_tests, n_hypotheses) → (n_hypotheses,).

    Small ones hold however the tests depend on each other; where several are small, it loses less than Bonferroni.

    References
    ----------
    Cauchy combination: Liu & Xie 2020, J. Am. Statist. Assoc. 115(529); a chance of 1 counts as 1 − 1/n, or it would undo
    any small one: Liu et al. 2019, Am. J. Hum. Genet. 104(3) (ACAT).
    """
    most = 1 - 1 / len(chances) if len(chances) > 2 else 1 - 1e-15
    kept = np.clip(chances, 1e-15, most)
    mean = np.tan((0.5 - kept) * np.pi).mean(axis=0)
    return np.asarray(np.where(mean > 1e3, 1 / (np.pi * mean), 0.5 - np.arctan(mean) / np.pi))
