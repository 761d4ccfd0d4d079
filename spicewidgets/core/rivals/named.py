"""Rivals of further kinds of task, which are compared in bandits only where they are named: for graded
outcomes, for gains and losses, and for go and no-go after cues.
"""

from ..mechanism import Array
from ..tasks import BANDIT_NAME, GAINS_LOSSES, GAUSSIAN, GO_NO_GO
from .declaration import Parameter, Rival, State, Trial, Values, join

LEAST = 1e-9  # size of an outcome whose power is taken


class Kalman(Rival):
    """Knows how sure it is of each option, and explores by that.

    Args:
        noise: variance of an outcome around its option's mean, in units of the variance of these means before
            the first trial; as the task has it (10 of 100 in Gershman's).
    """

    name = "kalman"
    label, brief = "Kalman filter with exploration", "Kalman"
    words = (
        "Means and variances of options are learned as by a Kalman filter; choices follow the means, are"
        " drawn to what is uncertain, and are noisier the more uncertain all options are."
    )
    equation = (
        "k = S_c / (S_c + noise); M_c += k (r - M_c); S_c -= k S_c, S = 1 at first;"
        " logit = v M + ru sqrt(S) + vtu M / sqrt(sum of S)"
    )
    source = "Gershman 2018, Cognition 173: 34"
    tasks = (GAUSSIAN.name, BANDIT_NAME)
    named = True
    parameters = (
        Parameter.real("v", "weight of the means (V)", sd=5.0, most=100.0),
        Parameter.real("ru", "weight of the standard deviations (RU)"),
        Parameter.real("vtu", "weight of the means by total uncertainty (V/TU)", sd=5.0, most=100.0),
    )
    states = {"mean": 0.5, "variance": 1.0}

    def __init__(self, noise: float = 0.1) -> None:
        self.noise = noise

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Mean and variance of the chosen option move."""
        variance = state["variance"]
        gain = trial.chosen * variance / (variance + self.noise)
        return {
            "mean": state["mean"] + gain * (trial.reward - state["mean"]),
            "variance": variance * (1 - gain),
        }

    def logits(self, p: Values, state: State) -> Array:
        """Weigh means, standard deviations, and means by total uncertainty."""
        mean, variance = state["mean"], state["variance"]
        total = variance.sum(-1)[:, None].sqrt()
        return p.v * mean + p.ru * variance.sqrt() + p.vtu * mean / total


class Prospect(Rival):
    """Feels gains and losses by a curved utility, losses more than gains.

    Args:
        zero: the reward that is neither gain nor loss; when None, what a reward of 0 in the table became, and
            0.5 of choices without a table.
    """

    name = "prospect"
    label, brief = "Prospect utility", "prospect"
    words = "Values learn from utilities: powers of gains and losses, where losses weigh more than gains."
    equation = (
        "o = 2 (r - zero); u = o^rho of a gain, -loss |o|^rho of a loss; Q_c += alpha (u - Q_c);"
        " logit = beta Q"
    )
    source = "Ahn, Busemeyer, Wagenmakers & Stout 2008, Cognitive Science 32: 1376"
    tasks = (GAINS_LOSSES.name, BANDIT_NAME)
    named = True
    parameters = (
        Parameter.share("alpha", "learning rate"),
        Parameter.positive("rho", "curvature of the utility: 1 of none", 0.7, 0.5, 5.0),
        Parameter.positive("loss", "weight of losses beside gains", 1.5, 0.7, 20.0),
        Parameter.positive("beta", "inverse noise temperature of the values"),
    )
    states = {"value": 0.0}

    def __init__(self, zero: float | None = None) -> None:
        self.zero = zero

    def of_rewards(self, zero: float | None) -> Rival:
        """Return one with the zero of a table, unless it has one of its own."""
        return self if self.zero is not None or zero is None else Prospect(zero)

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Move the value of the choice towards the utility of its outcome."""
        outcome = 2 * (trial.reward - (0.5 if self.zero is None else self.zero))
        size = (p.rho * (abs(outcome) + LEAST).log()).exp()
        utility = ((outcome > 0) * 1.0 - p.loss * ((outcome < 0) * 1.0)) * size
        return {"value": state["value"] + trial.chosen * p.alpha * (utility - state["value"])}

    def logits(self, p: Values, state: State) -> Array:
        """Return the weighted values."""
        return p.beta * state["value"]


class Pavlovian(Rival):
    """Learns go and no-go of each cue, and is drawn to go by what the cue promises.

    Options are no-go and go of the first cue, of the second, and so on; the two of one cue are on offer.
    """

    name = "pavlovian-go"
    label, brief = "Pavlovian go/no-go", "Pavlovian"
    words = (
        "Go and no-go of each cue learn from gains and losses; go has a bias, and a cue that promises gains"
        " draws to it."
    )
    equation = (
        "o = 2 r - 1; u = gain o of a gain, loss o of a loss; Q_c += alpha (u - Q_c);"
        " V += alpha (u - V) of the cue; W = Q, of go + bias + pavlovian V;"
        " P = (1 - lapse) softmax(W) + lapse / 2"
    )
    source = "Guitart-Masip et al. 2012, NeuroImage 62: 154"
    tasks = (GO_NO_GO.name, BANDIT_NAME)
    named = True
    parameters = (
        Parameter.share("alpha", "learning rate"),
        Parameter.positive("gain", "sensitivity to gains", sd=0.7),
        Parameter.positive("loss", "sensitivity to losses", sd=0.7),
        Parameter.real("bias", "bias to go", sd=1.0),
        Parameter.real("pavlovian", "weight of what the cue promises on go", sd=0.5),
        Parameter.share("lapse", "share of choices made by chance", mean=-2.5, sd=1.0),
    )
    states = {"value": 0.0, "cue": 0.0}

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Learn the value of the choice, and of the cue on both of its options."""
        outcome = 2 * trial.reward - 1
        utility = 0.5 * (p.gain * (outcome + abs(outcome)) + p.loss * (outcome - abs(outcome)))
        here = trial.chosen + trial.chosen[:, _beside(trial.chosen)]
        return {
            "value": state["value"] + trial.chosen * p.alpha * (utility - state["value"]),
            "cue": state["cue"] + here * p.alpha * (utility - state["cue"]),
        }

    def logits(self, p: Values, state: State) -> Array:
        """Return ln P of each option beside the other one of its cue."""
        value, cue = state["value"], state["cue"]
        beside = _beside(value)
        go = [at % 2 - (at + 1) % 2 for at in range(len(beside))]  # 1 of go, -1 of no-go
        drawn = [p.bias + p.pavlovian * cue[:, at : at + 1] for at in range(len(beside))]
        odds = [
            value[:, at : at + 1] - value[:, other : other + 1] + sign * draw
            for (at, other), sign, draw in zip(enumerate(beside), go, drawn, strict=True)
        ]
        return join(*(((1 - p.lapse) * one.sigmoid() + 0.5 * p.lapse).log() for one in odds))


def _beside(options: Array) -> list[int]:
    """Return the option that is on offer with each option."""
    return [at + 1 - 2 * (at % 2) for at in range(options.shape[-1])]
