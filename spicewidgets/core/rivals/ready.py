"""Eleven rivals that are ready, from chance to a regression on all that happened lately.

Values begin at 0.5, the middle of rewards between 0 and 1. P of a choice is the softmax of the logits over
the options on offer.
"""

from typing import TYPE_CHECKING

from .declaration import Parameter, Rival, State, Trial, Values

if TYPE_CHECKING:
    from torch import Tensor

WILSON = "Wilson & Collins 2019, eLife 8: e49547"
BETA = Parameter.positive("beta", "inverse noise temperature of the values")
ALPHA = Parameter.share("alpha", "learning rate")
PERSEVERATION = Parameter.real("beta_choice", "weight of the choice kernel; below 0 avoids repeating")
ALPHA_CHOICE = Parameter.share("alpha_choice", "rate of the choice kernel")


class RandomChoice(Rival):
    """Chooses by chance."""

    name = "random"
    label, brief = "Guessing", "guessing"
    words = "All options are chosen equally often, whatever happens."
    equation = "P = 1 / n"
    source = WILSON

    def logits(self, p: Values, state: State) -> "Tensor":
        """No option is better than another."""
        return state["none"]

    states = {"none": 0.0}


class Biased(Rival):
    """Has a preference for some options, whatever happens."""

    name = "biased"
    label, brief = "Biased", "biased"
    words = "Each option is chosen with a probability of its own, whatever happens."
    equation = "logit_a = bias_a, bias_1 = 0"
    source = WILSON
    parameters = (Parameter.real("bias", "preference for an option over the first", per_option=True),)

    def logits(self, p: Values, state: State) -> "Tensor":
        """Return the preferences."""
        return p.bias


class WinStayLoseShift(Rival):
    """Goes back to what was rewarded and away from what was not, with noise."""

    name = "win-stay-lose-shift"
    label, brief = "Win-stay, lose-shift", "win-stay"
    words = (
        "A rewarded choice (more than 0.5) is repeated, any other is not; a share of choices is by chance."
    )
    equation = "P(stay | win) = P(shift | no win) = 1 - noise + noise / n; a shift goes to any other option"
    source = WILSON
    parameters = (Parameter.share("noise", "share of choices made by chance"),)
    states = {"chosen": 0.0, "won": 0.0}

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Remember what was chosen, and whether it won."""
        return {"chosen": trial.chosen, "won": (trial.reward > 0.5) * 1.0}

    def logits(self, p: Values, state: State) -> "Tensor":
        """Return the logarithm of P; the same for all options before the first trial."""
        chosen, won = state["chosen"], state["won"]
        n, any_chosen = chosen.shape[-1], chosen.sum(-1, keepdim=True)
        shift = (1 - chosen) * (1 / (n - 1))
        wanted = won * chosen + (1 - won) * shift
        return any_chosen * ((1 - p.noise) * wanted + p.noise * (1 / n)).log()


class ChoiceKernel(Rival):
    """Repeats what was chosen lately, whatever it paid."""

    name = "choice-kernel"
    label, brief = "Choice kernel", "kernel"
    words = "What was chosen lately is chosen again, whatever it paid."
    equation = "C += alpha_choice (chosen - C); logit = beta_choice C"
    source = WILSON
    parameters = (ALPHA_CHOICE, PERSEVERATION)
    states = {"kernel": 0.0}

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Move the kernel towards the choice."""
        return {"kernel": _towards(state["kernel"], trial.chosen, p.alpha_choice)}

    def logits(self, p: Values, state: State) -> "Tensor":
        """Return the weighted kernel."""
        return p.beta_choice * state["kernel"]


class RescorlaWagner(Rival):
    """Learns the value of the chosen option from its reward."""

    name = "rescorla-wagner"
    label, brief = "Rescorla-Wagner", "RW"
    words = "The value of the chosen option moves towards its reward."
    equation = "Q_c += alpha (r - Q_c); logit = beta Q"
    source = "Rescorla & Wagner 1972"
    parameters: tuple[Parameter, ...] = (ALPHA, BETA)
    states = {"value": 0.5}

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Move the value of the chosen option towards its reward."""
        return {"value": _learn(state["value"], trial, p.alpha)}

    def logits(self, p: Values, state: State) -> "Tensor":
        """Return the weighted values."""
        return p.beta * state["value"]


class Forgetting(RescorlaWagner):
    """As Rescorla-Wagner; what is not chosen is forgotten."""

    name = "forgetting"
    label, brief = "RW + forgetting", "RW+ forget"
    beyond = ("forget", 0.2)
    words = "As rescorla-wagner; the values of options not chosen fade to where they began."
    equation = "Q_c += alpha (r - Q_c); Q_u += forget (0.5 - Q_u); logit = beta Q"
    source = "Ito & Doya 2009, Journal of Neuroscience 29: 9861"
    parameters = (ALPHA, Parameter.share("forget", "rate of forgetting"), BETA)

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Move the value of the chosen option towards its reward; the others fade."""
        value = _learn(state["value"], trial, p.alpha)
        return {"value": value + (1 - trial.chosen) * p.forget * (0.5 - value)}


class TwoRates(RescorlaWagner):
    """Learns at another rate from a reward than from none."""

    name = "two-rates"
    label = "RW, two rates"
    words = "As rescorla-wagner, with one learning rate after a reward (more than 0.5) and one after none."
    equation = "Q_c += alpha_reward or alpha_penalty times (r - Q_c); logit = beta Q"
    source = "Niv et al. 2012, Journal of Neuroscience 32: 551"
    parameters = (
        Parameter.share("alpha_reward", "learning rate after a reward"),
        Parameter.share("alpha_penalty", "learning rate after no reward"),
        BETA,
    )

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Move the value of the chosen option towards its reward, at the rate of its outcome."""
        won = (trial.reward > 0.5) * 1.0
        return {"value": _learn(state["value"], trial, won * p.alpha_reward + (1 - won) * p.alpha_penalty)}


class WithKernel(RescorlaWagner):
    """Learns values, and repeats choices."""

    name = "with-kernel"
    label, brief = "RW + kernel", "RW+ kernel"
    beyond = ("beta_choice", 1.0)
    words = "As rescorla-wagner, and what was chosen lately is chosen again or avoided."
    equation = "Q_c += alpha (r - Q_c); C += alpha_choice (chosen - C); logit = beta Q + beta_choice C"
    source = WILSON
    parameters = (ALPHA, BETA, ALPHA_CHOICE, PERSEVERATION)
    states = {"value": 0.5, "kernel": 0.0}

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Value and kernel move."""
        return {
            "value": _learn(state["value"], trial, p.alpha),
            "kernel": _towards(state["kernel"], trial.chosen, p.alpha_choice),
        }

    def logits(self, p: Values, state: State) -> "Tensor":
        """Values and kernel, weighted."""
        return p.beta * state["value"] + p.beta_choice * state["kernel"]


class PearceHall(RescorlaWagner):
    """Learns faster where it was surprised."""

    name = "pearce-hall"
    label = "Pearce-Hall"
    words = "The learning rate of an option follows the size of its last surprises."
    equation = (
        "Q_c += kappa A_c (r - Q_c), then A_c += eta (|r - Q_c before| - A_c), A = 1 at first; logit = beta Q"
    )
    source = "Pearce & Hall 1980; Li et al. 2011, Nature Neuroscience 14: 1250"
    parameters = (
        Parameter.share("kappa", "learning rate at full associability"),
        Parameter.share("eta", "how fast associability follows surprise"),
        BETA,
    )
    states = {"value": 0.5, "associability": 1.0}

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Value and associability of the chosen option move."""
        value, associability = state["value"], state["associability"]
        surprise = trial.chosen * (trial.reward - value)
        return {
            "value": value + p.kappa * associability * surprise,
            "associability": associability + trial.chosen * p.eta * (surprise.abs() - associability),
        }


class Counterfactual(RescorlaWagner):
    """Also learns about what was not chosen."""

    name = "counterfactual"
    label, brief = "RW + not chosen", "RW+ other"
    beyond = ("alpha_other", 0.2)
    words = (
        "As rescorla-wagner, and the other options learn from their outcomes; where these are not seen, from"
        " the opposite of the reward."
    )
    equation = "Q_c += alpha (r - Q_c); Q_u += alpha_other (r_u or 1 - r, - Q_u); logit = beta Q"
    source = "Palminteri et al. 2015, Nature Communications 6: 8096"
    parameters = (ALPHA, Parameter.share("alpha_other", "learning rate of options not chosen"), BETA)

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """All options learn."""
        value = _learn(state["value"], trial, p.alpha)
        outcome = trial.seen * trial.outcomes + (1 - trial.seen) * (1 - trial.reward)
        return {"value": value + (1 - trial.chosen) * p.alpha_other * (outcome - value)}


LAGS = 5


class LaggedRegression(Rival):
    """A logistic regression on the last choices and rewards: no theory, but flexible."""

    name = "lagged-regression"
    label, brief = "Lagged regression", "lagged"
    words = (
        f"A logistic regression on what was chosen, and what was rewarded, in each of the last {LAGS} trials,"
        " with a preference for options."
    )
    equation = "logit_a = bias_a + sum over lags k of choice_k [chosen a, k ago] + reward_k [r, if a, k ago]"
    source = "Lau & Glimcher 2005, Journal of the Experimental Analysis of Behavior 84: 555"
    parameters = (
        *(
            Parameter.real(f"choice_{lag}", f"drive to repeat the choice of {lag} ago")
            for lag in range(1, LAGS + 1)
        ),
        *(
            Parameter.real(f"reward_{lag}", f"drive to repeat it if it was rewarded {lag} ago")
            for lag in range(1, LAGS + 1)
        ),
        Parameter.real("bias", "preference for an option over the first", per_option=True),
    )
    states = {f"{what}_{lag}": 0.0 for what in ("choice", "reward") for lag in range(1, LAGS + 1)}

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Everything is one trial longer ago."""
        after = {
            f"{what}_{lag}": state[f"{what}_{lag - 1}"]
            for what in ("choice", "reward")
            for lag in range(2, LAGS + 1)
        }
        return after | {"choice_1": trial.chosen, "reward_1": trial.chosen * trial.reward}

    def logits(self, p: Values, state: State) -> "Tensor":
        """Return the regression."""
        logits = p.bias
        for name, value in state.items():
            logits = logits + getattr(p, name) * value
        return logits


def _towards(value: "Tensor", target: "Tensor", rate: "Tensor") -> "Tensor":
    return value + rate * (target - value)


def _learn(value: "Tensor", trial: Trial, rate: "Tensor") -> "Tensor":
    """Values after the chosen option has moved towards its reward."""
    return value + trial.chosen * rate * (trial.reward - value)


RIVALS: dict[str, Rival] = {
    rival.name: rival
    for rival in (
        RandomChoice(),
        Biased(),
        WinStayLoseShift(),
        ChoiceKernel(),
        RescorlaWagner(),
        Forgetting(),
        TwoRates(),
        WithKernel(),
        PearceHall(),
        Counterfactual(),
        LaggedRegression(),
    )
}
