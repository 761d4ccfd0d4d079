"""Equations of the two-step task as the hybrid learner of Daw et al. (2011) that they stand for.

The values of the second stage are x2 = beta2 Q2 and those of the first x1 = beta1 (1 - w) Q1, both in units
of the logit, and begin at 0. Put into the hybrid's update,

    x2' = (1 - alpha2) x2 + alpha2 beta2 r             of the second choice
    x1' = (1 - alpha1) x1 + a x2 + b r                 of the first one, with
    a   = alpha1 (1 - lambda) beta1 (1 - w) / beta2,     b = alpha1 lambda beta1 (1 - w)

and a plan has the weight m = beta1 w / beta2 in the logit of a first choice. So seven coefficients tell the
seven parameters: beta1 w = m beta2, beta1 (1 - w) = (a beta2 + b) / alpha1, and w is the share of the first
in their sum. Values that fade while they are not chosen have rates of their own beside these, and a constant
in x2 is a reward that choices are made against, q0.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from math import inf
from typing import Any

import numpy as np

from ..built import AHEAD, REACHED, REWARD, REWARD_CHOSEN
from ..equations import Equation, SpiceModel
from ..models import PLAN, STAY, V1, V2
from ..settings import SettingsError

FADING = {"forget1": f"{V1}_not_chosen", "forget2": f"{V2}_not_chosen"}  # rates, by the modules they are of
TERMS = frozenset(
    {
        (f"{V1}_chosen", (f"{V1}_chosen",)),
        (f"{V1}_chosen", (REACHED,)),
        (f"{V1}_chosen", (REWARD_CHOSEN,)),
        (f"{V1}_not_chosen", (f"{V1}_not_chosen",)),
        (f"{V2}_chosen", (f"{V2}_chosen",)),
        (f"{V2}_chosen", (REWARD,)),
        (f"{V2}_not_chosen", (f"{V2}_not_chosen",)),
        (PLAN, (AHEAD,)),
        (STAY, ()),
    }
)
"""The terms of a hybrid, with their modules."""
SHARE, POSITIVE, REAL = (0.0, 1.0), (0.0, inf), (-inf, inf)
HYBRID: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("alpha1", "alpha2", "lambda", "w"), SHARE),
    **dict.fromkeys(("beta1", "beta2"), POSITIVE),
    "stay": REAL,
    "q0": REAL,
    **dict.fromkeys(("forget1", "forget2"), SHARE),
}
"""Lowest and highest value of each parameter that equations of the two-step task are read as."""
BEYOND: Mapping[str, tuple[str, str]] = {
    "alpha1": ("the value of a first choice grows from choice to choice", "it swings to the other side"),
    "alpha2": ("the value of a second choice grows from choice to choice", "it swings to the other side"),
    "lambda": (
        "a first choice is made less for a reward than for the value that it led to",
        "a first choice is made less for the value that it led to",
    ),
    "w": ("the first choice goes against the plan", "the first choice goes against what it led to before"),
    "beta1": ("first choices go against their values", ""),
    "beta2": ("second choices go against their rewards", ""),
    "forget1": ("the value of a first option grows while it is not chosen", "it swings to the other side"),
    "forget2": ("the value of a second option grows while it is not chosen", "it swings to the other side"),
}
"""What equations do that stand for a value below a parameter's range, and above; no hybrid does."""


def is_two_step(spice: SpiceModel) -> bool:
    """Tell whether equations are those of the model of the two-step task."""
    return f"{V2}_chosen" in spice.equations


def read_hybrid(spice: SpiceModel, participant: Hashable = None) -> dict[str, float]:
    """Return the hybrid's parameters that a participant's equations stand for, as `hybrid_of` names them.

    Args:
        spice: equations of the model of the two-step task.
        participant: label; the first that has equations when None.
    """
    equations = spice.of_participant(participant)
    found = hybrid_of(lambda module, *term: np.float64(equations[module].coefficient(*term)))
    return {name: float(value) for name, value in found.items()}


def hybrid_of(coefficient: Callable[..., Any]) -> dict[str, Any]:
    """Return the hybrid's parameters that coefficients stand for.

    Args:
        coefficient: of a module (its name) and the factors of a term, an array of any one shape; 0 for a term
            that is lacking.

    Returns:
        alpha1, alpha2, lambda, w, beta1, beta2 and stay as in the rival `hybrid`; q0, the value that a reward
        has to exceed, where there is a constant; forget1 and forget2, the rates at which values of options
        that are not chosen fade. NaN where the equations leave one open.
    """
    first, second = f"{V1}_chosen", f"{V2}_chosen"
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha1, alpha2 = 1 - coefficient(first, first), 1 - coefficient(second, second)
        paid, constant = coefficient(second, REWARD), coefficient(second)
        beta2 = paid / alpha2
        led, own = coefficient(first, REACHED) * beta2, coefficient(first, REWARD_CHOSEN)
        learns = (led != 0) | (own != 0)
        planned, learned = coefficient(PLAN, AHEAD) * beta2, np.where(learns, (led + own) / alpha1, 0.0)
        fades = {name: 1 - coefficient(module, module) for name, module in FADING.items()}
        parameters = {
            "alpha1": np.where(learns, alpha1, np.nan),
            "alpha2": alpha2,
            "lambda": own / (led + own),
            "w": planned / (planned + learned),
            "beta1": planned + learned,
            "beta2": beta2,
            "stay": coefficient(STAY),
            "forget1": np.where(learns, fades["forget1"], np.nan),
            "forget2": fades["forget2"],
        }
        return parameters | ({"q0": -constant / paid} if np.any(constant != 0) else {})


def coefficients_of(p: Mapping[str, Any]) -> dict[tuple[str, tuple[str, ...]], Any]:
    """Return the coefficients of a hybrid whose values begin at 0: the way back from `hybrid_of`.

    Args:
        p: the parameters as `hybrid_of` names them, of any one shape; without forget1 and forget2 nothing
            fades, and without q0 there is no constant.
    """
    first, second = f"{V1}_chosen", f"{V2}_chosen"
    learned, paid = p["alpha1"] * p["beta1"] * (1 - p["w"]), p["alpha2"] * p["beta2"]
    return {
        (first, (first,)): 1 - p["alpha1"],
        (first, (REACHED,)): learned * (1 - p["lambda"]) / p["beta2"],
        (first, (REWARD_CHOSEN,)): learned * p["lambda"],
        (second, (second,)): 1 - p["alpha2"],
        (second, (REWARD,)): paid,
        (PLAN, (AHEAD,)): p["beta1"] * p["w"] / p["beta2"],
        (STAY, ()): p["stay"],
        **{(module, (module,)): 1 - p.get(name, 0.0) for name, module in FADING.items()},
        **({(second, ()): -p["q0"] * paid} if "q0" in p else {}),
    }


def true_hybrid(parameters: Mapping[str, float], modules: Iterable[str]) -> tuple[Equation, ...]:
    """Return the equations of a hybrid whose values begin at 0.

    Args:
        parameters: of the simulated participant, as `tasks.HYBRID` names them.
        modules: that have equations.

    Raises:
        SettingsError: where a module is none of the two-step model's, and of a participant who chooses at
            random in the second stage: values that no choice shows have no scale.
    """
    if unknown := set(modules) - {module for module, _ in TERMS}:
        raise SettingsError([f"Nothing is known of the module {min(unknown)!r} in a two-step task."])
    if not parameters["beta2"]:
        raise SettingsError(["Without beta2 the values of the second stage have no scale. Set it above 0."])
    coefficients = coefficients_of({**parameters, "lambda": parameters["eligibility"]})
    if not coefficients[f"{V1}_chosen", (REACHED,)] and not coefficients[f"{V1}_chosen", (REWARD_CHOSEN,)]:
        coefficients |= {(module, term): 0.0 for module, term in TERMS if (module,) == term and V1 in module}
    own = {module: {term: c for (of, term), c in coefficients.items() if of == module} for module in modules}
    return tuple(Equation(module, tuple(terms), tuple(terms.values())) for module, terms in own.items())


def told_by_structure(spice: SpiceModel, participant: Hashable = None) -> dict[str, tuple[float, float]]:
    """Return the ends of parameters that follow from which terms there are: w is 0 without a plan, and 1 of a
    plan alone; lambda is 1 where the value of what followed is not used, and 0 where the reward is not.
    """
    of = {module: equation.coefficient for module, equation in spice.of_participant(participant).items()}
    plan, led, own = of[PLAN](AHEAD), of[f"{V1}_chosen"](REACHED), of[f"{V1}_chosen"](REWARD_CHOSEN)
    found: dict[str, tuple[float, float]] = {}
    if bool(plan) != bool(led or own):
        found["w"] = (1.0, 1.0) if plan else (0.0, 0.0)
    if bool(led) != bool(own):
        found["lambda"] = (1.0, 1.0) if own else (0.0, 0.0)
    return found
