"""What is done before torch is there, and what else stays unloaded: all steps in one fresh interpreter."""

import json
import subprocess
import sys

HEAVY = {"torch", "pysindy", "matplotlib", "numpy", "pandas", "scipy", "sklearn", "ipywidgets", "bqplot"}
# What is done, in this order, and what may not be loaded after it.
STEPS = {
    "the package, and its public names": ("import spicewidgets as sw; dir(sw)", HEAVY),
    "the commands' help": (
        "from spicewidgets.cli import main\n"
        "for command in ('discover', 'rivals', 'recovery'):\n"
        "    main([command, '--help'], standalone_mode=False)",
        HEAVY,
    ),
    "the table of models": ("import spicewidgets.core.models", {"torch", "pysindy", "pandas"}),
    "the table on the page": ("import spicewidgets.app.table", {"torch", "pandas"}),
    "the runner and the state": (
        "from spicewidgets.app.runner import Runner; from spicewidgets.state import Experiment",
        {"torch", "pysindy", "ipywidgets", "bqplot"},
    ),
    "the recorded run": ("assert Runner(Experiment()).show_recorded()", {"torch", "pysindy", "scipy"}),
    "a figure by bqplot": (
        "from spicewidgets.plots.training import LossCurve; LossCurve('bqplot')",
        {"matplotlib"},
    ),
    "views of the recorded run": (
        "from spicewidgets.app.recorded import load_recorded\n"
        "from spicewidgets.views import looking as views\n"
        "result = load_recorded(Experiment().snapshot())\n"
        "name = 'x_value_reward_chosen'\n"
        "views.curves_of(result, name, 0), views.path_of(result, name, 0)\n"
        "views.trial_by_trial(result, 3), views.likelihood(result, result.spice)",
        {"torch", "pysindy"},
    ),
    "a task and a participant": (
        "task, agent = sw.BanditsDrift(sigma=0.2), sw.AgentQ()\n"
        "task.new_sess(); agent.new_sess(); agent.update(agent.get_choice(), task.step(0))",
        {"torch"},
    ),
    "figures in files": (
        "from spicewidgets.plots.figures import RewardProbabilities\n"
        "for kind in ('bqplot', 'matplotlib'):\n"
        "    figure = RewardProbabilities(kind); figure.draw([[.1, .2], [.3, .4]]); figure.download('svg')",
        {"torch", "matplotlib.pyplot"},
    ),
    "the explorer": (
        "Runner.preload = lambda *_: None\n"
        "from spicewidgets.apps import explorer, panel; explorer(start=False)",
        {"torch", "pysindy"},
    ),
    "studies' panels": (
        "for name in ('rivals', 'recovery', 'falsify', 'report', 'uncertainty'):\n"
        "    assert not panel(name).alert.value, name",
        {"torch"},
    ),
    "translate": (
        "p = panel('translate'); p.parameters.alpha_reward = 0.6; p.back.click()\n"
        "assert '<table' in p.steps.value and '<table' in p.freedoms.value and not p.alert.value\n"
        "main('translate --constant -0.411 --value 0.682 --reward 0.887'.split(), standalone_mode=False)",
        {"torch"},
    ),
    "a fit": (
        "data = sw.create_dataset(agent, task, 10, 4, random_state=1)[0]\n"
        "spice = sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, epochs=2, n_starts=1)\n"
        "spice.fit(data).predict(data)",
        {"sklearn", "pysindy"},
    ),
}
RUN = """
import json, sys

loaded, names = {}, {}
for step, code in json.load(sys.stdin).items():
    exec(code, names)
    loaded[step] = list(sys.modules)
print("\\n" + json.dumps(loaded))
"""


def test_nothing_is_loaded_before_it_is_needed():
    codes = json.dumps({step: code for step, (code, _) in STEPS.items()})
    done = subprocess.run(
        [sys.executable, "-c", RUN], input=codes, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    found = {step: unwanted & set(loaded[step]) for step, (_, unwanted) in STEPS.items()}
    assert {step: names for step, names in found.items() if names} == {}
