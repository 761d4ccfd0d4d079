"""What each tile of the strip shows: a small picture and a caption, from the settings or the last result."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ..app.played import FIRST_BET, Played
from ..app.protocols import ExperimentRunner
from ..app.table import paid, repeats
from ..experiment.result import Result
from ..experiment.simulation import first_sessions
from ..markup import Html
from ..plots import tiles
from ..state.experiment import Experiment
from ..state.graph import ExperimentSnapshot
from ..views.stages import at_stage, is_of_bandit, kind_of_choices, reward_chances, task_payoffs
from ..views.staying import simulated_staying
from ..views.verdict import kind_of
from ..views.words import HEAD_OF_KINDS, OF_KINDS
from .equation_lines import symbols, terms_of
from .head import shown_history

if TYPE_CHECKING:
    from ..core.equations import Term

TilePicture = tuple[Html, str]
VERDICTS = {
    "same": "yes, as tested",
    "untold": "these cannot tell",
    "guesses": "only guesses",
    "numbers": "terms, not sizes",
    "differs": "no, other terms",
}
EVEN = 0.005  # from one half, within which a bet is on neither
BETA = 3.0  # precision of the choices in the picture of a player, of whom it is not told
LISTED = 100  # trials of a session in a picture
KINDS = {
    "fixed": "chances stay",
    "reversal": "chances reverse",
    "switch": "chances switch",
}


def task(experiment: Experiment, runner: ExperimentRunner) -> TilePicture:
    """Return the reward probabilities of the session on show."""
    settings = experiment.peek()
    if (contents := settings.table.contents) is not None:
        return tiles.bars(paid(contents)), "what each option paid"
    if not settings.is_simulated:
        return tiles.empty(), f"of {settings.table.name}"
    if pays := task_payoffs(settings, experiment.data.session):
        return tiles.bars(np.array([one.mean for one in pays])), kind_of_choices(settings).title.lower()
    probs, options = reward_chances(settings, experiment.data.session)
    if not is_of_bandit(settings):
        return tiles.chances(probs, options), kind_of_choices(settings).title.lower()
    drifting = settings.task.kind == "drift"
    words = f"drifts by {settings.task.sigma:.2f} a trial" if drifting else KINDS[settings.task.kind]
    return tiles.chances(probs), words


def participant(experiment: Experiment, runner: ExperimentRunner) -> TilePicture:
    """Draw the participant's learning and choosing."""
    settings = experiment.peek()
    if (contents := settings.table.contents) is not None:
        n = len(contents.participants)
        words = f"{n:,} people: who repeats?" if n > 1 else "does this person repeat?"
        return tiles.sorted_shares(repeats(contents)), words
    if not settings.is_simulated:
        return tiles.empty(), f"of {settings.table.name}"
    person = settings.participant
    if (staying := simulated_staying(settings)) is not None:
        return tiles.staying(staying.mean), _letters(settings)
    if settings.choices_of in OF_KINDS:
        return tiles.empty(), _letters(settings)
    penalty = person.alpha_reward if person.alpha_penalty is None else person.alpha_penalty
    moved = f"moves {100 * person.alpha_reward:.0f}"
    words = f"{moved} % of the way" if penalty == person.alpha_reward else f"{moved} or {100 * penalty:.0f} %"
    return tiles.learner(person.alpha_reward, penalty, person.beta_reward), words


def _letters(settings: ExperimentSnapshot) -> str:
    """Name the parameters of who plays another kind of task than a bandit: "w 0.50, β₁ 5.00"."""
    letters = HEAD_OF_KINDS[settings.choices_of].items()
    return ", ".join(f"{letter} {getattr(settings.participant, name):.2f}" for name, letter in letters)


def choices(experiment: Experiment, runner: ExperimentRunner) -> TilePicture:
    """Return the first sessions, trial by trial."""
    settings = experiment.peek()
    contents = settings.table.contents
    if contents is None:
        made = first_sessions(settings, experiment.data.session + 1).choices  # played once for all panels
        words = f"{settings.n_sessions:,} sessions of {settings.data.n_trials:,}"
    else:
        made = np.asarray(contents.choices.dataset.choices)
        words = f"{int((made >= 0).sum()):,} choices"
    return tiles.raster(made[: tiles.ROWS, :LISTED]), words


def network(experiment: Experiment, runner: ExperimentRunner) -> TilePicture:
    """Return the loss, and how far the network's P is from the truth."""
    run, result, playback = experiment.run, runner.result, experiment.playback
    if playback.playing:
        return tiles.losses(shown_history(experiment)), f"epoch {playback.epoch} of {playback.epochs}"
    is_training = run.busy and not run.study
    if is_training or result is None or result.comparison is None:
        words = f"epoch {run.epoch}" if is_training and run.epoch else "not trained yet"
        return tiles.losses(run.history), "training …" if is_training and not run.epoch else words
    off = _off(result, "rnn")
    words = f"loss {result.comparison.loc['rnn', 'nll']:.3f}" if off is None else f"P off by {off:.3f}"
    return tiles.losses(run.history), words


def equation(experiment: Experiment, runner: ExperimentRunner) -> TilePicture:
    """Return the terms of the first equation, beside those of the truth."""
    result = runner.result
    live = experiment.playback.equations if experiment.playback.playing else experiment.run.live
    model = live if live is not None else None if result is None else result.spice
    if model is None:
        return tiles.empty(), "no equation yet"
    module, person = next(iter(model.equations)), experiment.person
    truth = None if result is None or live is not None else result.truth
    true, found = (terms_of(one, module, person) or {} for one in (truth, model))
    listed = sorted({*true, *found}, key=lambda term: (len(term), term))
    rows = [(symbols(term, module) or "1", true.get(term), found.get(term)) for term in listed]
    words = count_terms(len(found))
    if truth is not None:
        words = f"the same {words}" if true.keys() == found.keys() else f"{words}, not the same"
    return tiles.terms(rows), words


def count_terms(n: int) -> str:
    """Write a number of terms."""
    return f"{n} term{'s' * (n != 1)}"


def truth(experiment: Experiment, runner: ExperimentRunner) -> TilePicture:
    """P of an option in the session on show, and the verdict on the equations in a few words."""
    result = runner.result
    if result is None or result.spice is None or "spice" not in result.played:
        return tiles.empty(), "nothing to compare yet"
    session = min(experiment.comparison.session, len(result.choices) - 1)
    arm = min(experiment.comparison.arm, result.snapshot.n_actions - 1)
    at = at_stage(result.snapshot, result.played, result.choices, result.rewards, arm)
    shown = {name: record.probabilities[session, :LISTED, at.arm] for name, record in at.played.items()}
    picture = tiles.agreement(*(shown.get(name) for name in ("truth", "rnn", "spice")))
    if kind := kind_of(result):
        return picture, VERDICTS[kind]
    assert result.comparison is not None
    return picture, f"{np.exp(-result.comparison.loc['spice', 'nll']):.3f} a choice"


def tiles_of_game(played: Played | None) -> Mapping[str, TilePicture]:
    """Return what each tile shows of a game, by the name of the room; they wait before the first choice."""
    if played is None:
        return dict.fromkeys(TILES, (tiles.empty(), "waits for you"))
    chosen, rewards, bets = (np.array(one) for one in (played.choices, played.rewards, played.bets))
    pays = np.array([rewards[chosen == arm].mean() if (chosen == arm).any() else np.nan for arm in (0, 1)])
    likely = np.where(chosen == 0, bets, 1 - bets)[FIRST_BET:]  # P of the choices on which was bet
    losses = -np.log(np.maximum(likely, 1e-6)).cumsum() / np.arange(1, len(likely) + 1)
    history = [{"train_loss": loss, "chance": np.log(2)} for loss in losses.tolist()]
    bet = likely[np.abs(likely - 0.5) >= EVEN]  # an even one is none
    won = f"won {int((bet > 0.5).sum())} of {len(bet)} bets" if len(bet) else "watches"
    person = tiles.empty(), "you"
    if played.rate:
        rate = played.rate[0]
        person = tiles.learner(rate, rate, BETA), f"moves {100 * rate:.0f} % of the way"
    module, terms = terms_of_game(played)
    rows = [(symbols(term, module) or "1", None, value) for term, value in terms.items()]
    return {
        "task": (tiles.bars(pays), "what each paid"),
        "participant": person,
        "choices": (tiles.raster(chosen[None]), f"{len(chosen)} of yours"),
        "network": (tiles.losses(history), won),
        "equation": (tiles.terms(rows), count_terms(len(rows)) if played.rate else "not yet"),
        "truth": (
            tiles.agreement(None, bets, np.array(played.expected)) if played.expected else tiles.empty(),
            "both beside you" if played.expected else "not yet",
        ),
    }


def terms_of_game(played: Played) -> tuple[str, "Mapping[Term, float]"]:
    """Return the module of a game's equation, and its terms."""
    terms = {tuple(key.split()): value for key, value in played.terms.items()}
    module = next((name for term in terms for name in term if not name.startswith("c_")), "")
    return module, terms


@lru_cache(maxsize=4)
def _off(result: Result, agent: str) -> float | None:
    """Compute the mean distance of an agent's P from the truth's; None where no truth is known."""
    if not {"truth", agent} <= result.played.keys():
        return None
    true, own = (result.played[name].probabilities for name in ("truth", agent))
    return float(np.nanmean(np.abs(true - own)))


TILES: Mapping[str, Callable[[Experiment, ExperimentRunner], TilePicture]] = {
    "task": task,
    "participant": participant,
    "choices": choices,
    "network": network,
    "equation": equation,
    "truth": truth,
}
"""By the name of the room."""
OF_THE_RUN = ("network", "equation")
"""Those that a run changes while it goes on; the others follow the settings and the result."""
