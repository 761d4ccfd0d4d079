"""Adam and L-BFGS over flat vectors: step by step those of torch."""

import math
from itertools import islice

import numpy as np
import pytest
import torch

from spicewidgets.core.train.optimisers import Adam, Point, cosine_rate, lbfgs, points

START = np.array([-1.2, 1.0, 0.7, -0.4])


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def bowl(x):
    return (
        (x - torch.arange(4.0, dtype=x.dtype)) ** 2 * torch.tensor([1.0, 10.0, 0.1, 3.0], dtype=x.dtype)
    ).sum()


def logistic(x):
    rows = torch.linspace(-2, 2, 40, dtype=x.dtype).reshape(10, 4)
    return torch.nn.functional.softplus(rows @ x).mean() + 0.01 * (x**2).sum() - 0.1 * x[0]


def evaluated(function):
    def evaluate(x):
        at = torch.tensor(x, requires_grad=True)
        loss = function(at)
        loss.backward()
        return float(loss.detach()), at.grad.numpy()

    return evaluate


@pytest.mark.parametrize("function", [rosenbrock, bowl, logistic])
def test_lbfgs_is_torchs_step_by_step(function):
    theirs = torch.tensor(START, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [theirs], max_iter=1, max_eval=30, history_size=20, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        loss = function(theirs)
        loss.backward()
        return loss

    for point in islice(points(lbfgs(START), evaluated(function)), 25):
        optimizer.step(closure)
        np.testing.assert_allclose(point.x, theirs.detach().numpy(), rtol=1e-6, atol=1e-8)
        assert point.loss == pytest.approx(float(function(theirs.detach())), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("function", [rosenbrock, logistic])
def test_lbfgs_goes_down_to_the_lowest(function):
    losses = [point.loss for point in islice(points(lbfgs(START), evaluated(function)), 80)]
    assert losses == sorted(losses, reverse=True)
    *_, last = islice(points(lbfgs(START), evaluated(function)), 80)
    assert np.abs(evaluated(function)(last.x)[1]).max() < 1e-4


def test_lbfgs_stays_where_nothing_can_be_gained():
    found = list(islice(points(lbfgs(np.arange(4.0)), evaluated(bowl)), 3))
    assert [point.x.tolist() for point in found] == [[0, 1, 2, 3]] * 3


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_lbfgs_steps_back_from_where_there_is_no_number(bad):
    def walled(x):
        return (bad, np.full(4, bad)) if x[0] > 0.4 else evaluated(bowl)(x - np.arange(4) * 0)

    found = list(islice(points(lbfgs(np.array([-3.0, 1, 2, 3])), walled), 10))
    assert all(math.isfinite(point.loss) for point in found)
    assert found[-1].loss < 0.01


def test_lbfgs_that_never_had_a_number_says_so():
    (point,) = islice(points(lbfgs(START), lambda x: (math.nan, x)), 1)
    assert math.isnan(point.loss)
    assert point.x.tolist() == START.tolist()


def test_lbfgs_asks_and_waits():
    """So that the answers for several fits can come from one call."""
    descents = [lbfgs(START + i) for i in range(3)]
    requests = [next(descent) for descent in descents]
    assert [request.tolist() for request in requests] == [(START + i).tolist() for i in range(3)]
    answers = [descent.send(evaluated(bowl)(x)) for descent, x in zip(descents, requests, strict=True)]
    assert not any(isinstance(answer, Point) for answer in answers)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adam_is_torchs_step_by_step(dtype, weight_decay):
    theta = START.astype(dtype)[None]
    theirs = torch.tensor(START.astype(dtype), requires_grad=True)
    optimizer, mine = torch.optim.Adam([theirs], 0.03, weight_decay=weight_decay), Adam(0.03, weight_decay)
    for _ in range(60):
        optimizer.zero_grad()
        rosenbrock(theirs).backward()
        gradient = theirs.grad.numpy().copy()
        optimizer.step()
        before = theta
        theta = mine.step(theta, gradient[None])
        assert theta is not before
        exact = {"rtol": 2e-6, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-12}
        np.testing.assert_allclose(theta[0], theirs.detach().numpy(), **exact)
    assert theta.dtype == dtype


def test_the_rate_may_change():
    theta, mine = START[None], Adam(0.0)
    assert mine.step(theta, theta).tolist() == theta.tolist()
    mine.rate = 0.1
    assert mine.step(theta, theta).tolist() != theta.tolist()


def test_the_cosine_is_torchs():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.2)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=64, T_mult=2)
    for epoch in range(460):
        assert cosine_rate(0.2, epoch) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        theirs.step()
