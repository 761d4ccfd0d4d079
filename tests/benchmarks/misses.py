"""What an equation misses: the pictures of simulated learners, for readers who are not told the mechanism.

    python tests/benchmarks/misses.py DIR [--seed 500] [--learners 3]
    python tests/benchmarks/misses.py DIR --read WORDS WORDS WORDS

Writes for each learner the picture of outcome and run, and the sentences, as they stand in a report, into
DIR; what it does is in `truth.txt`, to be opened last. A plain learner of values is held against networks
without structure on the half of the sessions that neither saw. With --read, what a reader concluded from each
is put beside the truth.
"""

from pathlib import Path

import numpy as np
import torch
from report import Table, benchmark_parser, publish

import spicewidgets as sw
from spicewidgets.core.rivals.declaration import CEILING
from spicewidgets.core.rivals.design import Design, simulate_rival
from spicewidgets.core.rivals.held_out import held_out
from spicewidgets.core.rivals.ready import ALL
from spicewidgets.core.studies.comparison import ModelComparison
from spicewidgets.paper.comparison import cells_pictures

HEADING = "What an equation misses, read by who does not know the mechanism"
ABOUT = (
    "40 people with four sessions of 100 choices each; a plain learner of values is held against networks"
    " without structure. Learners were drawn from five by a seed; the reader knew the five names."
)
PLAIN = "rescorla-wagner"
PEOPLE, SESSIONS, TRIALS = 40, 4, 100
# Learners, with means and spreads of their parameters on the scale of each; values are of ordinary size.
LEARNERS = {
    "two-rates": {"alpha_reward": (0.6, 0.4), "alpha_penalty": (-2.2, 0.4), "beta": (np.log(4), 0.3)},
    "with-kernel": {
        "alpha": (-0.4, 0.4),
        "beta": (np.log(4), 0.3),
        "alpha_choice": (-1.0, 0.4),
        "beta_choice": (1.5, 0.4),
    },
    "forgetting": {"alpha": (0.0, 0.4), "forget": (0.0, 0.4), "beta": (np.log(5), 0.3)},
    "pearce-hall": {"kappa": (2.0, 0.4), "eta": (0.5, 0.4), "beta": (np.log(4), 0.3)},
    "win-stay-lose-shift": {"noise": (-1.0, 0.4)},
}


def main() -> None:
    """Draw learners, and write what is missed of each."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=500)
    parser.add_argument("--learners", type=int, default=3)
    parser.add_argument("--read", nargs="+")
    arguments = parser.parse_args()
    if arguments.read:
        rows = zip((arguments.out / "truth.txt").read_text().split(), arguments.read, strict=True)
        head = ("what the learner does", "what was concluded from picture and sentences alone")
        publish(HEADING, ABOUT, Table(head, list(rows)), write=not arguments.no_write)
        return
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    names = np.random.default_rng(arguments.seed).permutation(list(LEARNERS))[: arguments.learners]
    for place, name in enumerate(map(str, names)):
        rng, rival = np.random.default_rng([arguments.seed, place]), ALL[name]
        drawn = LEARNERS[name]
        values = np.column_stack(
            [one.from_scale(rng.normal(*drawn[key], PEOPLE)) for key, one in rival.columns(2)]
        )
        design = Design.of_settings(PEOPLE, SESSIONS, TRIALS, sw.BanditsDrift(0.2))
        data = simulate_rival(rival, values, design, int(rng.integers(10**6)))
        held = held_out(data, [PLAIN, CEILING], n_folds=2, random_state=arguments.seed)
        found = ModelComparison(held, {}, "group", 2, whole=True)
        words = [found.share_in_words, *found.misses_in_words]
        (arguments.out / f"{place}.txt").write_text("\n".join(words))
        for picture in cells_pictures(found.misses):
            picture.figure.savefig(arguments.out / f"{place}.png", dpi=120)
        print(place, flush=True)
    (arguments.out / "truth.txt").write_text("\n".join(map(str, names)))


if __name__ == "__main__":
    main()
