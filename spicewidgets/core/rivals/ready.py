"""The rivals that are ready. Of bandits, from chance to a regression on all that happened lately; those of
other kinds of task are in files of their own.

Values begin at 0.5, the middle of rewards between 0 and 1. P of a choice is the softmax of the logits over
the options on offer.
"""

from ..mechanism import Array, Mechanism, ParameterSpec, states_of, update
from ..mechanisms import BETA, KERNEL, LEARNING, MECHANISMS, PARAMETERS, Q0, STATES
from ..plugins import load_plugins
from ..tasks import BANDIT_NAME
from .declaration import Parameter, Rival, State, Trial, Values, parameter_of
from .named import Kalman, Pavlovian, Prospect
from .two_step import Hybrid, KernelOfStages, ModelBased, ModelFree, RegressionOfStaying

WILSON = "Wilson & Collins 2019, eLife 8: e49547"


class MechanismRival(Rival):
    """A rival made of mechanisms: parameters, states, update, logits and equation are theirs.

    Its parameters have their short names: of each state what moves it, then what weighs it. One that follows
    another is that other one, unless the mechanism that sets them apart is there.

    Args:
        mechanism: which it has in addition; name and words are then those of the mechanism's rival.

    Attributes:
        names_of_parameters: by the name that a simulated participant has for each of them.
    """

    mechanisms: tuple[Mechanism, ...] = (LEARNING,)

    def __init__(self, mechanism: Mechanism | None = None) -> None:
        if mechanism is not None and (as_rival := mechanism.rival) is not None:
            self.mechanisms = (*self.mechanisms, mechanism)
            self.name, self.label, self.brief = as_rival.name, as_rival.label, as_rival.brief
            self.source, self.words = as_rival.source, f"As {type(self).name}; {mechanism.words}."
            own = (mechanism.tied or mechanism.sizes[0]).short_name
            self.beyond = None if as_rival.size is None else (own, as_rival.size)
        self._moving = tuple(one for one in self.mechanisms if not one.within)
        self._states = states_of(self._moving)
        self.names_of_parameters = self._rival_names()
        self.states = self.states or {state.name: state.first for state in self._states}
        self.parameters = self.parameters or self._list_parameters()
        self.equation = self.equation or self._in_symbols()

    def __repr__(self) -> str:
        further = self.mechanisms[len(type(self).mechanisms) :]
        return f"{type(self).__name__}({', '.join(type(one).__name__ for one in further)})"

    def _rival_names(self) -> dict[str, str]:
        """Return the rival's name of each parameter of its mechanisms."""
        apart = {each.name for one in self.mechanisms if one.within for each in one.parameters}
        apart |= {PARAMETERS[name].follows for name in apart}
        names: dict[str, str] = {}
        for spec in (each for one in self._moving for each in (*one.all_parameters, *one.parameters)):
            follows = names.get(spec.follows) if spec.name not in apart else None
            names[spec.name] = spec.name if spec.name in apart else follows or spec.short_name
        return names

    def _list_parameters(self) -> tuple[Parameter, ...]:
        found: dict[str, Parameter] = {}
        for state in self._states:
            on = [one for one in self._moving if state in (one.states or self._states[:1])]
            weight = () if state.weight is None else (state.weight,)
            for spec in (*(each for one in on for each in one.parameters), *weight):
                tied = next((one.tied for one in on if one.tied and spec in one.parameters), None)
                name = self.names_of_parameters[spec.name]
                found.setdefault(name, parameter_of(tied or spec, name))
        return tuple(found.values())

    def _in_symbols(self) -> str:
        replaced = {one.within for one in self.mechanisms}
        updates = [one.equation for one in self.mechanisms if one.equation and one not in replaced]
        weighted = {one.symbol: one.weight.name for one in self._states if one.weight}
        logit = " + ".join(f"{self.names_of_parameters[name]} {symbol}" for symbol, name in weighted.items())
        return "; ".join([*updates, f"logit = {logit}"]).replace("q0", f"{Q0.default:g}")

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Let all mechanisms move the states."""
        own = {
            name: getattr(p, rivals)
            for name, rivals in self.names_of_parameters.items()
            if name not in STARTS
        }
        return update(self._moving, Values(**STARTS | own), state, trial)

    def logits(self, p: Values, state: State) -> Array:
        """Return the states, weighted."""
        weighted = {one.name: one.weight.name for one in self._states if one.weight}
        logits = [
            getattr(p, self.names_of_parameters[weight]) * state[name] for name, weight in weighted.items()
        ]
        return sum(logits[1:], logits[0])


STARTS = {one.start.name: one.first for one in STATES if isinstance(one.start, ParameterSpec)}


class RandomChoice(Rival):
    """Chooses by chance."""

    name = "random"
    label, brief = "Guessing", "guessing"
    words = "All options are chosen equally often, whatever happens."
    equation = "P = 1 / n"
    source = WILSON
    tasks = ()

    def logits(self, p: Values, state: State) -> Array:
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

    def logits(self, p: Values, state: State) -> Array:
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

    def logits(self, p: Values, state: State) -> Array:
        """Return the logarithm of P; the same for all options before the first trial."""
        chosen, won = state["chosen"], state["won"]
        n, any_chosen = chosen.shape[-1], chosen.sum(-1, keepdim=True)
        shift = (1 - chosen) * (1 / (n - 1))
        wanted = won * chosen + (1 - won) * shift
        return any_chosen * ((1 - p.noise) * wanted + p.noise * (1 / n)).log()


class KernelAlone(MechanismRival):
    """Repeats what was chosen lately, whatever it paid."""

    name = "choice-kernel"
    label, brief = "Choice kernel", "kernel"
    words = "What was chosen lately is chosen again, whatever it paid."
    source = WILSON
    mechanisms = (KERNEL,)


class RescorlaWagner(MechanismRival):
    """Learns the value of the chosen option from its reward."""

    name = "rescorla-wagner"
    label, brief = "Rescorla-Wagner", "RW"
    words = "The value of the chosen option moves towards its reward."
    source = "Rescorla & Wagner 1972"


class PearceHall(Rival):
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
        parameter_of(BETA, "beta"),
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

    def logits(self, p: Values, state: State) -> Array:
        """Return the weighted values."""
        return p.beta * state["value"]


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

    def logits(self, p: Values, state: State) -> Array:
        """Return the regression."""
        logits = p.bias
        for name, value in state.items():
            logits = logits + getattr(p, name) * value
        return logits


ALL: dict[str, Rival] = {
    rival.name: rival
    for rival in (
        RandomChoice(),
        Biased(),
        WinStayLoseShift(),
        KernelAlone(),
        RescorlaWagner(),
        *(RescorlaWagner(mechanism) for mechanism in MECHANISMS if mechanism.rival),
        PearceHall(),
        LaggedRegression(),
        Hybrid(),
        ModelFree(),
        ModelBased(),
        KernelOfStages(),
        RegressionOfStaying(),
        Kalman(),
        Prospect(),
        Pavlovian(),
    )
}
ALL |= {rival.name: rival for rival in load_plugins("rivals", Rival, ALL)}


def rivals_for(task: str) -> dict[str, Rival]:
    """Return the ready rivals for a kind of task, by name, but for those that have to be named.

    >>> list(rivals_for("two-step"))
    ['random', 'hybrid', 'model-free', 'model-based', 'two-step-kernel', 'two-step-regression']
    """
    return {
        name: rival
        for name, rival in ALL.items()
        if rival.is_for(task) and (not rival.named or rival.tasks[:1] == (task,))
    }


RIVALS: dict[str, Rival] = rivals_for(BANDIT_NAME)
