"""Are equations given back that are simulated at a design?

People whose equations were found play the design again, as these equations say, and the equations of what
they do are found anew, with the same settings. So it is seen which terms the design can tell, which it makes
up, and how well it tells people apart by their numbers.
"""

import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd

from ..checks import raise_if_any
from ..data.dataset import DatasetRNN
from ..equations import Term, term_in_words
from ..estimator import SpiceEstimator, SpiceWarning
from ..judge.network_agents import AgentSpice
from ..rivals.design import Design, simulate_agent
from .data_sets import DataSetStudy, check_whole, draw_seeds
from .recovery import correlation_of


class EquationRecovery(DataSetStudy):
    """Which terms of fitted equations are found again, missed and made up, at the design of their choices,
    and do the numbers of people come back?

    Args:
        estimator: fitted; its equations are those of the simulated people.
        dataset: the choices whose design is played.
        n_datasets: simulated data sets.
        random_state: seed of all.

    Raises:
        SettingsError: where some options were not on offer, which equations cannot play yet.
    """

    fields = ("people", "terms")

    def __init__(
        self,
        estimator: SpiceEstimator,
        dataset: DatasetRNN,
        *,
        n_datasets: int = 3,
        random_state: int = 0,
    ) -> None:
        super().__init__()
        raise_if_any(
            [
                check_whole("n_datasets", n_datasets),
                None
                if dataset.offered is None
                else "Equations are simulated only where all options are on offer; here some are not. Take"
                " data in which they are.",
            ]
        )
        self.design = Design.of_choices(dataset)
        blank = type(estimator)(**estimator.get_params(deep=False))
        blank.verbose, blank.save_path_rnn, blank.save_path_spice = False, None, None
        self._equations = estimator.spice_model_
        self._parts = [
            (blank, estimator.spice_agent, self.design, seed)
            for seed in draw_seeds(random_state, int(n_datasets))
        ]

    @property
    def work(self) -> Callable[..., Any]:
        """Simulates one data set and finds its equations."""
        return _equations

    def _identity(self) -> Any:
        """Of the agent only its equations count."""
        options = self._parts[0][0].get_params(deep=False)
        seeds = [part[-1] for part in self._parts]
        return self._equations.to_dict(), repr(options), self.design, seeds

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each data set, candidate term (in words) and person: its `true` and found `value`,
        and the `outcome` for the people together: found, missed, made up, or rightly absent.
        """
        frames = []
        for place, result in zip(sorted(self.results), self._results(), strict=True):
            for row in result["terms"]:
                frame = pd.DataFrame({"person": result["people"], "true": row["true"], "value": row["value"]})
                there, seen = any(row["true"]), any(row["value"])
                outcome = ("rightly absent", "made up", "missed", "found")[2 * there + seen]
                words = {"dataset": place, "module": row["module"], "term": row["term"]}
                for at, (name, value) in enumerate(words.items()):
                    frame.insert(at, name, value)
                frames.append(frame.assign(outcome=outcome))
        return pd.concat(frames, ignore_index=True)

    def summary(self) -> pd.DataFrame:
        """Return a row for each candidate term.

        Columns: shares of data sets in which it was `found`, `missed` and `made up`; `datasets`; and over
        people of the data sets in which it was found, the `correlation` of true and found numbers (NaN for
        one person), `bias` (found less true) and `rmse`.
        """
        frame, rows = self.to_frame(), []
        for (module, term), own in frame.groupby(["module", "term"], sort=False):
            outcomes = own.groupby("dataset")["outcome"].first()
            found = own[own["outcome"] == "found"]
            apart = found["value"] - found["true"]
            rows.append(
                {
                    "module": module,
                    "term": term,
                    **{name: float((outcomes == name).mean()) for name in ("found", "missed", "made up")},
                    "datasets": len(outcomes),
                    "correlation": correlation_of(found["true"].to_numpy(), found["value"].to_numpy()),
                    "bias": float(apart.mean()) if len(found) else np.nan,
                    "rmse": float(np.sqrt((apart**2).mean())) if len(found) else np.nan,
                }
            )
        return pd.DataFrame(rows).set_index(["module", "term"])

    def exact(self) -> float:
        """Share of data sets in which exactly the true terms were found."""
        right = self.to_frame()["outcome"].isin(["found", "rightly absent"])
        return float(right.groupby(self.to_frame()["dataset"]).all().mean())


def _equations(blank: SpiceEstimator, agent: AgentSpice, design: Design, seed: int) -> dict[str, Any]:
    """One data set of `EquationRecovery`."""
    people = agent.get_participant_ids()
    data = simulate_agent(agent, design, seed, people)
    estimator = deepcopy(blank)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpiceWarning)  # that a term is uncertain is what is counted here
        estimator.fit(data)
    true, found = agent.spice_model, estimator.spice_model_
    rows = []
    for module in true.equations:
        terms: dict[Term, None] = {}
        for spice in (true, found):
            terms |= dict.fromkeys(spice.equation(module).terms)
        for term in terms:
            values = [
                [spice.equation(module, label).coefficient(*term) for label in people]
                for spice in (true, found)
            ]
            if any(values[0]) or any(values[1]) or term in found.equation(module).terms:
                rows.append(
                    {
                        "module": module,
                        "term": term_in_words(term, module),
                        "true": values[0],
                        "value": values[1],
                    }
                )
    return {"people": [str(label) for label in people], "terms": rows}
