"""Runs the engine of the page in node: the committed bundle, and models as the page has them."""

import json
import shutil
import subprocess
from functools import cache
from typing import Any

import pytest

from spicewidgets.core.built import BuiltModel
from spicewidgets.core.models import MODELS
from spicewidgets.core.settings import Discovery
from spicewidgets.front.files import BUNDLE
from spicewidgets.front.models import describe

NODE = shutil.which("node")


@cache
def model_source(model: str | BuiltModel) -> str:
    """A model with its kernels, as an expression: a ready one, or one of rows."""
    built = model if isinstance(model, BuiltModel) else MODELS[model].built
    description, kernel = describe("", built, Discovery())
    return f"Object.assign({json.dumps(description)}, {{kernel: {kernel}}})"


def run_in_node(code: str, given: Any = None, model: str | BuiltModel = "") -> Any:
    """What a function body returns, which knows `spice`, `given` and `model`."""
    if NODE is None:
        pytest.skip("The engine of the page is tested in node, which is missing.")
    made = f"const model = {model_source(model)};" if model else ""
    body = f"const given = {json.dumps(given)};\n{made}\nconst run = () => {{ {code} }};"
    script = f"{BUNDLE.read_text(encoding='utf-8')}\n{body}\nconsole.log(JSON.stringify(run()));"
    done = subprocess.run([NODE, "-"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Trains a network on simulated sessions, and finds its equation.
FIND = """
const results = given.map(({ task, participant, trials, sessions, seed }) => {
  const played = spice.simulate(task, participant, trials, sessions, seed);
  const training = spice.train(model, played, new spice.Generator(seed, 1));
  const began = performance.now();
  let epochs = 0, next = training.next();
  for (; !next.done; next = training.next()) epochs++;
  const trained = performance.now();
  const { terms, covariance } = spice.discover(model, played, next.value.weights, seed);
  const found = { terms, covariance };
  const table = spice.tableOf(model, found), read = spice.readWithErrors(model, found);
  return { terms: terms.map((term) => ({ ...term, cost: Math.min(term.cost, 1e9) })),
    epochs, loss: next.value.loss, train: trained - began, discover: performance.now() - trained,
    choices: played.map(({ choices }) => choices), read,
    missing: [...spice.notIdentified(model, table, read)],
    truth: [...spice.truthOf(model, participant, table)].map(([name, own]) => [name, [...own]]) };
});
return results;
"""
