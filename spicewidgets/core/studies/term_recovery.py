"""Which terms of a participant's equations do fits of simulated choices give back?"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..checks import raise_if_any
from ..data.simulated import create_dataset
from ..discover.comparison import compare
from ..equations import SpiceModel, term_text
from ..estimator import SpiceEstimator, SpiceWarning
from ..models import READY
from ..read.translation import true_model
from ..rivals.model import Floats
from ..settings import Participant, Task
from ..simulate.agents import make_agent
from ..simulate.kinds import make_environment
from .data_sets import DataSetStudy, check_choice, check_whole, draw_seeds

REFERENCE = 10_000  # choices on which the true terms are told apart
AS_A_RULE, RARELY = 0.8, 0.1  # shares of data sets in which a term is found


@dataclass(frozen=True, eq=False)
class TermShares:
    """The shares of data sets in which terms are found, by the number of choices.

    Attributes:
        choices: of a data set, growing, `(n_sizes,)`.
        true: for each true term, the share in which it is found, `(n_sizes,)`.
        made_up: the share in which any term is found that is not true, `(n_sizes,)`.
        n_datasets: of each size, `(n_sizes,)`.
        exact: share in which exactly the true terms are found, `(n_sizes,)`.
    """

    choices: Floats
    true: Mapping[str, Floats]
    made_up: Floats
    n_datasets: NDArray[np.int64]
    exact: Floats

    def at(self, choices: float) -> int:
        """Return the place of the size nearest to a number of choices."""
        return int(np.abs(np.log(self.choices / choices)).argmin())

    def describe(self, choices: float) -> str:
        """Describe how often exactly the true terms are found, with about so many choices."""
        at = self.at(choices)
        share = f"{100 * self.exact[at]:.0f} % of {self.n_datasets[at]} data sets"
        return f"With {self.choices[at]:,.0f} choices exactly the true terms are found in {share}."

    def rows(self, choices: float) -> list[tuple[str, float, float, str]]:
        """Each true term at about so many choices, and the made-up ones: share found and missed, in words."""
        at = self.at(choices)
        rows = [
            (name, float(found[at]), 1 - float(found[at]), self._in_words(found, at))
            for name, found in self.true.items()
        ]
        made_up = float(self.made_up[at])
        words = "rarely" if made_up <= RARELY else "often: a term more is no finding by itself"
        return [*rows, ("a term that is not true", made_up, float("nan"), words)]

    def _in_words(self, found: Floats, at: int) -> str:
        if found[at] >= AS_A_RULE:
            return "found as a rule"
        later = np.flatnonzero(found >= AS_A_RULE)
        more = f"; as a rule from {self.choices[later[0]]:,.0f} choices on" if len(later) else ""
        return f"{'missed more often than found' if found[at] < 0.5 else 'missed now and then'}{more}"


class TermRecovery(DataSetStudy):
    """Which terms of a participant's equations are found, missed and made up, by the number of choices?

    The true terms are those of the participant's equations as 10,000 choices would have them written: what no
    choice can tell apart is written in one way (`discover/comparison.py`).

    Args:
        participant: who is simulated.
        task: what they play.
        model: name of a ready model, as in `spicewidgets discover --model`.
        trials: of each session.
        sessions: how many; several numbers for as many sizes.
        n_datasets: simulated data sets of each size.
        random_state: seed of all.
        **options: for `SpiceEstimator`.
    """

    fields = ("choices", "terms")

    def __init__(
        self,
        participant: Participant | None = None,
        task: Task | None = None,
        model: str = "rescorla-wagner",
        *,
        trials: int = 100,
        sessions: int | Sequence[int] = 100,
        n_datasets: int = 20,
        random_state: int = 0,
        **options: Any,
    ) -> None:
        super().__init__()
        sizes = [sessions] if isinstance(sessions, int | np.integer) else list(sessions)
        counts = [("trials", trials), ("n_datasets", n_datasets), *(("sessions", size) for size in sizes)]
        raise_if_any(
            [*(check_whole(name, value) for name, value in counts), check_choice("model", model, READY)]
        )
        who, where = (participant or Participant()).checked(), (task or Task()).checked()
        seeds = iter(draw_seeds(random_state, n_datasets * len(sizes)))
        self._parts = [
            (who, where, model, int(size), int(trials), dict(options), random_state, next(seeds))
            for _ in range(n_datasets)
            for size in sizes
        ]

    @property
    def work(self) -> Callable[..., Any]:
        """Simulates one data set and finds its equations."""
        return _terms

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each data set and candidate term.

        Columns: `choices`, `module`, `term`, its `true` coefficient (0 where it is not there), the one that
        was found as `value`, and the `outcome`: found, missed, made up, or rightly absent.
        """
        frames = []
        for place, result in zip(sorted(self.results), self._results(), strict=True):
            frame = pd.DataFrame(result["terms"])
            frame.insert(0, "choices", result["choices"])
            frame.insert(0, "dataset", place)
            frames.append(frame)
        frame = pd.concat(frames, ignore_index=True)
        there, seen = frame["true"] != 0, frame["value"] != 0
        names = np.select([there & seen, there, seen], ["found", "missed", "made up"], "rightly absent")
        return frame.assign(outcome=names)

    def summary(self) -> pd.DataFrame:
        """Return a row for each number of choices and term: shares of data sets in which the term was found,
        missed, made up; and the number of data sets.
        """
        frame = self.to_frame()
        groups = frame.groupby(["choices", "module", "term"], sort=False)["outcome"]
        shares = groups.value_counts(normalize=True).unstack(fill_value=0.0)
        shares = shares.reindex(columns=["found", "missed", "made up"], fill_value=0.0)
        return shares.assign(datasets=groups.size()).sort_index(level="choices", sort_remaining=False)

    def exact(self) -> pd.Series:
        """Share of data sets in which exactly the true terms were found, by the number of choices."""
        frame = self.to_frame()
        right = frame["outcome"].isin(["found", "rightly absent"])
        return right.groupby([frame["choices"], frame["dataset"]]).all().groupby("choices").mean()

    def tables(self) -> dict[str, tuple[str, pd.DataFrame]]:
        """As in every study."""
        exact = self.exact().rename("share").to_frame()
        return {
            "terms": ("Shares of data sets in which each term is found, missed, made up", self.summary()),
            "exact": ("Share of data sets with exactly the true terms", exact),
        }

    def overview(self) -> pd.DataFrame:
        """As in every study."""
        found = self.shares()
        columns = {"choices": found.choices, **found.true, "made up": found.made_up}
        return pd.DataFrame(columns).assign(datasets=found.n_datasets)

    def shares(self) -> TermShares:
        """Return the shares of data sets in which each true term is found, and any other."""
        frame = self.to_frame()
        choices = np.sort(frame["choices"].unique())
        keys = [frame[name] for name in ("module", "term", "choices")]
        found = (frame["value"] != 0).groupby(keys).mean()
        is_true = (frame["true"] != 0).groupby([frame["module"], frame["term"]], sort=False).any()
        several = frame["module"].nunique() > 1
        true = {}
        for module, term in is_true[is_true].index:
            words = "constant" if term == "1" else term.replace("[k]", "").replace(module, "own value")
            of = f" of {module.removeprefix('x_').replace('_', ' ')}" if several else ""
            true[words + of] = found.loc[module, term].reindex(choices).to_numpy(float)
        made_up = (frame["outcome"] == "made up").groupby([frame["choices"], frame["dataset"]]).any()
        return TermShares(
            choices=choices.astype(float),
            true=true,
            made_up=made_up.groupby("choices").mean().reindex(choices).to_numpy(float),
            n_datasets=frame.groupby("choices")["dataset"].nunique().reindex(choices).to_numpy(int),
            exact=self.exact().reindex(choices).to_numpy(float),
        )


def _terms(
    participant: Participant,
    task: Task,
    model: str,
    n_sessions: int,
    n_trials: int,
    options: Mapping[str, Any],
    reference_seed: int,
    seed: int,
) -> dict[str, Any]:
    """One data set of `TermRecovery`."""
    agent = make_agent(participant, task.n_actions)
    data, _, _ = create_dataset(agent, make_environment(task), n_trials, n_sessions, random_state=seed)
    n_reference = -(-REFERENCE // n_trials)
    reference, _, _ = create_dataset(
        agent, make_environment(task), n_trials, n_reference, random_state=reference_seed
    )
    row = READY[model]
    estimator = SpiceEstimator(
        row.rnn_class, row.config, n_actions=task.n_actions, random_state=seed, **options
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpiceWarning)  # that a term is uncertain is what is counted here
        estimator.fit(data)
    spice = estimator.spice_model_
    betas = {state: spice.beta(state) for state in spice.betas}
    truth = true_model(agent, estimator.rnn_model_, estimator.spice_config, betas=betas)
    own = {state: values[0] for state, values in spice.betas.items()}
    found = SpiceModel.of(*spice.of_participant().values(), betas=own)
    written = compare(found, truth, estimator.rnn_model_, reference, estimator.spice_config).truth
    terms = [
        {
            "module": module,
            "term": term_text(term),
            "true": written.equation(module).coefficient(*term),
            "value": found.equation(module).coefficient(*term),
        }
        for module, rows in found.equations.items()
        for term in (rows[0].terms if rows[0] is not None else ())
    ]
    return {"choices": n_sessions * n_trials, "terms": terms}
