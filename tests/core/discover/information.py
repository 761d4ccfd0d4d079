"""How much a data set can tell about the numbers of an equation: the yardstick of the recovery tests."""

from copy import deepcopy
from itertools import chain

import numpy as np
import torch

from spicewidgets.core.judge.replay import replay
from spicewidgets.core.train.modules import GivenConstant
from spicewidgets.core.train.objective import Sessions


def fisher_information(truth, model, dataset, *, with_betas=False, step=1e-5):
    """Expected information of the true coefficients (and betas) about the choices of a data set of two arms.

    Returns the names `(module, term)` (and `(state,)` for betas), the true values, and the matrix
    `sum over choices of P (1 - P) grad grad'`, the gradient being that of the difference of the two logits.
    """
    exact = deepcopy(model).double().eval()
    exact.integrate_sindy(truth.modules)
    for state, values in truth.betas.items():
        exact.betas[state] = GivenConstant(values)
    equations = list(exact.submodules_sindy.values())
    numbers = [equation.table for equation in equations]
    names = [(equation.module, term) for equation in equations for term in equation.terms]
    if with_betas:
        numbers += [constant.values for constant in exact.betas.values()]
        names += [(state,) for state in exact.betas]
    sessions = Sessions.of(dataset).double()

    def difference():
        with torch.no_grad():
            logits, _ = exact(sessions.inputs)
        return logits[..., 1] - logits[..., 0]

    gradients = []
    for number in chain.from_iterable(table.view(-1).split(1) for table in numbers):
        number += step
        above = difference()
        number -= 2 * step
        below = difference()
        number += step
        gradients.append((above - below) / (2 * step))
    gradient = torch.stack(gradients)
    p = torch.sigmoid(difference())
    matrix = torch.einsum("itn,jtn,tn->ij", gradient, gradient, p * (1 - p) * sessions.weights)
    values = np.concatenate([table.numpy().ravel() for table in numbers])
    return names, values, matrix.numpy()


def distance(found, truth, model, dataset, participant=None, *, with_betas=False):
    """Squared distance of discovered from true numbers in units of what the data can tell, and their count.

    For the maximum-likelihood estimate it is distributed as chi squared with so many degrees of freedom.
    Directions that the data do not tell apart (a number added to the values of all arms) cost nothing.
    """
    names, values, matrix = fisher_information(truth, model, dataset, with_betas=with_betas)
    equations = found.of_participant(participant)
    got = [
        found.beta(name[0], participant) if len(name) == 1 else equations[name[0]].coefficient(*name[1])
        for name in names
    ]
    apart = np.array(got) - values
    return float(apart @ matrix @ apart), len(names)


def predictive_distance(truth, found, dataset):
    """Twice the Kullback-Leibler divergence of the found from the true P, in nats, summed over the choices.

    For the maximum-likelihood estimate of k numbers it is distributed as chi squared with k degrees of
    freedom, whatever the coordinates are in which the numbers are written.
    """
    p, q = (replay(agent, dataset).probabilities[:, 1:] for agent in (truth, found))
    divergence = (p * np.log(p / q)).sum(-1)
    return float(2 * divergence[np.asarray(dataset.target_mask)].sum())
