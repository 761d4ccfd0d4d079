"""Rivals of the two-step task: model-free, model-based, both of them weighed, a choice kernel alone, and a
regression of staying.

A row is a stage. Options 0 and 1 are those of the first stage, 2 and 3 of the state to which 0 leads
commonly, 4 and 5 of the other one (`tasks.TWO_STEP`); a logit counts where its option is on offer.
"""

from collections.abc import Mapping

from ..mechanism import Array
from ..tasks import TWO_STEP
from .declaration import Parameter, Rival, State, Trial, Values, join, parameter_of

DAW = "Daw, Gershman, Seymour, Dayan & Dolan 2011, Neuron 69: 1204"
COMMON, RARE = TWO_STEP.transitions[0]  # P of the states to which option 0 leads; of option 1 turned around
OTHER = [sum(group) - option for option, group in enumerate(TWO_STEP.beside)]  # on offer with each option
SECOND = "Q2_c += alpha2 (r - Q2_c)"
LEARNING = f"{SECOND}; Q1_c += alpha1 (Q2_c - Q1_c + lambda (r - Q2_c)) with Q2_c before it learned"
PLAN = "plan_a = sum over states s of P(s | a) max Q2_s"
REST = "stay C, C = 1 of the last first choice; logit2 = beta2 Q2"
PARAMETERS = tuple(map(parameter_of, TWO_STEP.participant))


class Hybrid(Rival):
    """Weighs a plan with the task's transitions against values that were learned from what followed.

    Attributes:
        fixed: the parameters that have one value for everybody, by name; the others are fitted.
    """

    name = "hybrid"
    label, brief = "Hybrid of plan and habit", "hybrid"
    words = "First choices weigh a plan, which knows where options lead, against what they led to before."
    equation = f"{LEARNING}; {PLAN}; logit1 = beta1 ((1 - w) Q1 + w plan) + {REST}"
    source = DAW
    tasks = (TWO_STEP.name,)
    fixed: Mapping[str, float] = {}
    parameters: tuple[Parameter, ...] = PARAMETERS
    states = {"value": 0.5, "first": 0.0}

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Learn at the second stage, by SARSA with a trace of the first choice; at the first, remember it."""
        p, value, chosen = self._all(p), state["value"], trial.chosen
        ends = chosen[:, 2:].sum(-1)[:, None]
        reached = (chosen * value).sum(-1)[:, None]
        surprise = trial.reward - reached
        first = p.alpha1 * (reached - value + getattr(p, "lambda") * surprise)
        return {
            "value": value + ends * (state["first"] * first + chosen * p.alpha2 * surprise),
            "first": ends * state["first"] + (1 - ends) * chosen,
        }

    def logits(self, p: Values, state: State) -> Array:
        """Weigh plan, values and the last first choice; at the second stage, values alone."""
        p, value = self._all(p), state["value"]
        a, b = value[:, [2, 4]], value[:, [3, 5]]
        best = 0.5 * (a + b + abs(a - b))  # in each state of the second stage
        plan = COMMON * best + RARE * best[:, [1, 0]]
        first = p.beta1 * ((1 - p.w) * value[:, :2] + p.w * plan) + p.stay * state["first"][:, :2]
        return join(first, p.beta2 * value[:, 2:])

    def participant(self) -> Rival:
        """Return the hybrid whose values begin at 0."""
        return FromNothing()

    def _all(self, p: Values) -> Values:
        """Return the parameters, fixed ones among them."""
        return Values(**{**self.fixed, **vars(p)})


class FromNothing(Hybrid):
    """The hybrid whose values begin at 0, as those of equations do."""

    name = "from-nothing"
    states = {"value": 0.0, "first": 0.0}


class ModelFree(Hybrid):
    """Learns what first choices led to, and knows nothing of transitions."""

    name = "model-free"
    label = brief = "Model-free"
    words = "The value of a first choice is learned from the value of what followed, and from the reward."
    equation = f"{LEARNING}; logit1 = beta1 Q1 + {REST}"
    fixed = {"w": 0.0}
    parameters = tuple(one for one in PARAMETERS if one.name != "w")


class ModelBased(Hybrid):
    """Plans with the task's transitions."""

    name = "model-based"
    label = brief = "Model-based"
    words = "The value of a first choice is worked out from where it leads, and what is best there."
    equation = f"{SECOND}; {PLAN}; logit1 = beta1 plan + {REST}"
    fixed = {"w": 1.0, "alpha1": 0.0, "lambda": 0.0}
    parameters = tuple(one for one in PARAMETERS if one.name not in ("w", "alpha1", "lambda"))


class KernelOfStages(Rival):
    """Repeats what was chosen lately in the same state, whatever it paid."""

    name = "two-step-kernel"
    label, brief = "Choice kernel", "kernel"
    words = "What was chosen lately in a state is chosen there again, whatever it paid."
    equation = (
        "K_a += alpha ([a chosen] - K_a) in the state of the choice; logit1 = beta1 K; logit2 = beta2 K"
    )
    source = DAW
    tasks = (TWO_STEP.name,)
    parameters = (
        Parameter.share("alpha", "rate at which the kernel follows choices"),
        Parameter.real("beta1", "weight of the kernel in the first stage"),
        Parameter.real("beta2", "weight of the kernel in the second stage"),
    )
    states = {"kernel": 0.0}

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Move the kernel of the two options that were on offer towards the choice."""
        here = trial.chosen + trial.chosen[:, OTHER]
        return {"kernel": state["kernel"] + here * p.alpha * (trial.chosen - state["kernel"])}

    def logits(self, p: Values, state: State) -> Array:
        """Return the weighted kernel."""
        kernel = state["kernel"]
        return join(p.beta1 * kernel[:, :2], p.beta2 * kernel[:, 2:])


class RegressionOfStaying(Rival):
    """Stays by what the last trial was, with a weight for each way in which it could have gone."""

    name = "two-step-regression"
    label, brief = "Regression of staying", "regression"
    words = "A first choice is made again by what the last one led to; a second one by what it paid."
    equation = (
        "logit1 of the last first choice = stay + outcome o + transition t + product o t; logit2 of the last"
        " choice in the state = stay2 + outcome2 o; o = ½ after a reward, t = ½ after a common transition,"
        " else -½"
    )
    source = DAW
    tasks = (TWO_STEP.name,)
    parameters = (
        Parameter.real("stay", "weight of the last first choice"),
        Parameter.real("outcome", "what a reward adds to it"),
        Parameter.real("transition", "what a common transition adds to it"),
        Parameter.real("product", "what a reward adds after a common transition, beside a rare one"),
        Parameter.real("stay2", "weight of the last choice in a state of the second stage"),
        Parameter.real("outcome2", "what a reward adds to it"),
    )
    states = {"first": 0.0, "weight": 0.0}

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Weigh the choices of a trial at its end; in its first stage, remember what was chosen."""
        chosen, first = trial.chosen, state["first"]
        ends = chosen[:, 2:].sum(-1)[:, None]
        in_state = chosen[:, 2:4].sum(-1)[:, None]
        common = first[:, :1] * in_state + first[:, 1:2] * (ends - in_state)
        o, t = trial.reward - 0.5, common - 0.5
        again = p.stay + p.outcome * o + p.transition * t + p.product * o * t
        here = ends * (chosen + chosen[:, OTHER])
        second = (1 - here) * state["weight"] + ends * chosen * (p.stay2 + p.outcome2 * o)
        weight = join(ends * first[:, :2] * again + (1 - ends) * state["weight"][:, :2], second[:, 2:])
        return {"first": ends * first + (1 - ends) * chosen, "weight": weight}

    def logits(self, p: Values, state: State) -> Array:
        """Return the weights of the last choices."""
        return state["weight"]
