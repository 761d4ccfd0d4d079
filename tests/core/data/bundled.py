"""Makes the bundled data sets anew: `python tests/core/data/bundled.py`. Everything in them is simulated."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd

from spicewidgets.core.data import gallery


def softmax(q):
    p = np.exp(q - q.max())
    return p / p.sum()


def two_groups() -> pd.DataFrame:
    """In the layout of Dezfouli et al.: the column `run` tells sessions apart, missed trials are empty."""
    random = np.random.default_rng(20261125)
    rows = []
    for person in range(24):
        group = ("control", "patient")[person % 2]
        alpha = random.normal((0.45, 0.2)[person % 2], 0.05)
        beta, kappa = random.normal(4, 0.5), random.normal((0.0, 0.8)[person % 2], 0.2)
        for run in range(1, 4):
            values, last, better = np.full(2, 0.5), np.zeros(2), random.integers(2)
            for _ in range(random.integers(20, 41)):
                choice = random.choice(2, p=softmax(beta * values + kappa * last))
                reward = int(random.random() < (0.25 if choice == better else 0.08) * 2)
                missed = random.random() < 0.03
                rows.append(
                    (
                        f"p{person + 1:02}",
                        group,
                        run,
                        "" if missed else f"R{choice + 1}",
                        "" if missed else reward,
                    )
                )
                if not missed:
                    values[choice] += alpha * (reward - values[choice])
                    last = np.eye(2)[choice]
    return pd.DataFrame(rows, columns=["ID", "group", "run", "choice", "reward"])


def reversal() -> pd.DataFrame:
    """Three arms; the blocks are parts of one session, in which trials are counted on."""
    random = np.random.default_rng(20261126)
    rows = []
    for person in range(30):
        gain, loss, beta = random.normal(0.6, 0.1), random.normal(0.3, 0.1), random.normal(5, 0.5)
        values, best = np.full(3, 0.5), random.integers(3)
        for trial in range(60):
            if trial and trial % 20 == 0:
                best = (best + random.integers(1, 3)) % 3
            choice = random.choice(3, p=softmax(beta * values))
            reward = int(random.random() < (0.8 if choice == best else 0.2))
            values[choice] += (gain if reward else loss) * (reward - values[choice])
            rows.append(
                (
                    f"s{person + 1:02}",
                    1 + trial // 15,
                    trial + 1,
                    choice + 1,
                    reward,
                    round(0.3 + random.gamma(2, 0.2), 3),
                )
            )
    return pd.DataFrame(rows, columns=["subject", "block", "trial", "choice", "outcome", "rt"])


def pairs() -> pd.DataFrame:
    """In the layout of rlssm: the better and the worse option on offer, and what both paid, in points."""
    random = np.random.default_rng(20261127)
    means, offers = np.array([36, 40, 50, 54]), [(1, 0), (2, 0), (3, 1), (3, 2)]
    rows = []
    for person in range(20):
        alpha, other, beta = random.normal(0.3, 0.05), random.normal(0.15, 0.05), random.normal(0.25, 0.03)
        values = np.full(4, 45.0)
        for trial in range(48):
            offer = offers[random.integers(4)]
            paid = np.round(random.normal(means[list(offer)], 5)).astype(int)
            taken = random.choice(2, p=softmax(beta * values[list(offer)]))
            for place, arm in enumerate(offer):
                values[arm] += (alpha if place == taken else other) * (paid[place] - values[arm])
            rows.append((person + 1, 1, trial + 1, *paid, *(arm + 1 for arm in offer), int(taken == 0)))
    columns = [
        "participant",
        "block_label",
        "trial_block",
        "f_cor",
        "f_inc",
        "cor_option",
        "inc_option",
        "accuracy",
    ]
    return pd.DataFrame(rows, columns=columns)


MAKERS = {"two-groups": two_groups, "reversal": reversal, "pairs": pairs}


def content(name: str) -> bytes:
    return MAKERS[name]().to_csv(index=False, lineterminator="\n").encode()


if __name__ == "__main__":
    for name in MAKERS:
        Path(gallery.BUNDLED, f"{name}.csv.gz").write_bytes(gzip.compress(content(name), 9, mtime=0))
