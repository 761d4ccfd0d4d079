"""Notebooks for autospice 0.2 run here when only their import lines change.

Each script below makes the calls of one of its tutorials, in its spelling and with its kind of model class,
on little data and for a few epochs. `run` changes the import lines, and nothing else.
"""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import spicewidgets

SETUP = """
import numpy as np
import torch

np.random.seed(42)
torch.manual_seed(42)

from spice.resources.bandits import BanditsDrift, AgentQ, create_dataset

n_actions = 2
sigma = 0.2
environment = BanditsDrift(sigma=sigma, n_actions=n_actions)
"""

PLOT = """
from spice.utils.plotting import plot_session
import matplotlib.pyplot as plt

agents = {'groundtruth': agent, 'rnn': spice_estimator.rnn_agent, 'spice': spice_estimator.spice_agent}
fig, axs = plot_session(agents, dataset.xs[0])
plt.show()
"""

DATA_PREPARATION = """
import os
import pandas as pd
import numpy as np
import torch
from spice.resources.bandits import create_dataset, BanditsDrift, get_update_dynamics, AgentQ
from spice.resources.rnn_utils import DatasetRNN, split_data_along_timedim
from spice.utils.convert_dataset import convert_dataset
from spice.utils.plotting import plot_session

df = pd.DataFrame({
    'session': [1, 1, 1, 2, 2, 2],
    'choice': [0, 1, 0, 1, 0, 1],
    'reward': [1, 0, 1, 0, 1, 0],
    'rt': [0.5, 0.6, 0.4, 0.7, 0.5, 0.6],
})
df.to_csv('sample_data.csv', index=False)

dataset, experiment_list, df, dynamics = convert_dataset(
    file='sample_data.csv',
    device=None,
    sequence_length=None,
    df_participant_id='session',
    df_block='block',
    df_experiment_id='experiment',
    df_choice='choice',
    df_reward='reward',
    additional_inputs=['rt'],
)
with_inputs = dataset.xs.shape
dataset, experiment_list, df, dynamics = convert_dataset(file='sample_data.csv')
print(dataset.xs.shape)
print(dataset.ys.shape)
os.remove('sample_data.csv')
converted = dataset

agent = AgentQ(beta_reward=1.0, alpha_reward=0.5, alpha_penalty=0.5)
environment = BanditsDrift(sigma=0.2)
n_sessions, n_trials = 2, 10
dataset, experiments, _ = create_dataset(
    agent=agent, environment=environment, n_trials=n_trials, n_sessions=n_sessions, verbose=False
)
synthetic_data = []
for i in range(len(dataset)):
    experiment = dataset.xs[i].numpy()
    synthetic_data.append(pd.DataFrame({
        'session': [i] * n_trials,
        'choice': np.argmax(experiment[:, :2], axis=1),
        'reward': np.max(experiment[:, 2:4], axis=1),
    }))
synthetic_df = pd.concat(synthetic_data, ignore_index=True)

windows = DatasetRNN(
    xs=torch.zeros((10, 100, 5)),
    ys=torch.zeros((10, 100, 3)),
    normalize_features=(0, 1),
    sequence_length=50,
    stride=1,
    device='cpu',
)
train_dataset, test_dataset = split_data_along_timedim(
    dataset=dataset, split_ratio=0.8, device=torch.device('cpu')
)
split_idx = int(0.5 * dataset.xs.shape[0])
first = DatasetRNN(xs=dataset.xs[:split_idx], ys=dataset.ys[:split_idx], device=dataset.device)
second = DatasetRNN(xs=dataset.xs[split_idx:], ys=dataset.ys[split_idx:], device=dataset.device)
"""

RESCORLA_WAGNER = (
    SETUP
    + """
import matplotlib.pyplot as plt

n_trials = 100
reward_probabilities = np.zeros((n_trials, n_actions))
for index_trials in range(n_trials):
    reward_probabilities[index_trials] = environment.reward_probs
    environment.step(choice=0)
for index_action in range(n_actions):
    plt.plot(reward_probabilities[..., index_action], label=f'Option {index_action+1}')
plt.legend()
plt.xlabel(r'Trial $t$')
plt.ylabel(r'$p(r)$')
plt.show()

agent = AgentQ(n_actions=n_actions, alpha_reward=0.3)
dataset, _, _ = create_dataset(agent=agent, environment=environment, n_trials=N_TRIALS, n_sessions=N_SESSIONS)
dataset.xs[..., -1] = 0

from spice.utils.plotting import plot_session

fig, axs = plot_session(agents={'groundtruth': agent}, experiment=dataset.xs[0])
plt.show()

print(dataset.xs)
print(dataset.ys)

from spice.estimator import SpiceEstimator
from spice.precoded import RescorlaWagnerRNN, RESCOLA_WAGNER_CONFIG

spice_estimator = SpiceEstimator(
    rnn_class=RescorlaWagnerRNN,
    spice_config=RESCOLA_WAGNER_CONFIG,
    learning_rate=1e-2,
    epochs=EPOCHS,
    verbose=False,
)
spice_estimator.fit(dataset.xs, dataset.ys)
spice_estimator.print_spice_model()
"""
    + PLOT
    + """
from spice.resources.rnn import BaseRNN


class CustomRNN(BaseRNN):

    init_values = {
        'x_value_reward': 0.5,
    }

    def __init__(self, n_actions, **kwargs):
        super(CustomRNN, self).__init__(n_actions=n_actions)
        self.submodules_rnn['x_value_reward_chosen'] = self.setup_module(input_size=1)

    def forward(self, inputs, prev_state=None, batch_first=False):
        inputs, ids, logits, timesteps = self.init_forward_pass(inputs, prev_state, batch_first)
        actions, rewards, _, _ = inputs
        for timestep, action, reward in zip(timesteps, actions, rewards):
            self.record_signal('c_action', action)
            self.record_signal('c_reward', reward)
            self.record_signal('x_value_reward_chosen', self.state['x_value_reward'])
            next_chosen = self.call_module(
                key_module='x_value_reward_chosen',
                key_state='x_value_reward',
                action=action,
                inputs=reward,
            )
            next_not_chosen = self.state['x_value_reward'] * (1-action)
            self.state['x_value_reward'] = next_chosen + next_not_chosen
            logits[timestep] = self.state['x_value_reward']
        logits = self.post_forward_pass(logits, batch_first)
        return logits, self.get_state()


from spice.estimator import SpiceConfig

custom_config = SpiceConfig(
    rnn_modules=['x_value_reward_chosen'],
    control_parameters=['c_action', 'c_reward'],
    library_setup={'x_value_reward_chosen': ['c_reward']},
    filter_setup={'x_value_reward_chosen': ['c_action', 1, True]},
)
custom_spice_estimator = SpiceEstimator(
    rnn_class=CustomRNN, spice_config=custom_config, learning_rate=1e-2, epochs=EPOCHS
)
custom_spice_estimator.fit(dataset.xs, dataset.ys)
custom_spice_estimator.print_spice_model()

spice_estimator.save_spice(path_rnn='rnn_model.pkl', path_spice='spice_model.pkl')
loaded_spice = SpiceEstimator(rnn_class=CustomRNN, spice_config=custom_config)
loaded_spice.load_spice(path_rnn='rnn_model.pkl', path_spice='spice_model.pkl')
"""
)

FORGETTING = (
    SETUP
    + """
agent = AgentQ(n_actions=n_actions, alpha_reward=0.3, forget_rate=0.2)
dataset, _, _ = create_dataset(agent=agent, environment=environment, n_trials=N_TRIALS, n_sessions=N_SESSIONS)
dataset.xs[..., -1] = 0

from spice.estimator import SpiceEstimator
from spice.precoded import ForgettingRNN, FORGETTING_RNN_CONFIG

spice_estimator = SpiceEstimator(
    rnn_class=ForgettingRNN, spice_config=FORGETTING_RNN_CONFIG, learning_rate=1e-2, epochs=EPOCHS
)
spice_estimator.fit(dataset.xs, dataset.ys)
spice_estimator.print_spice_model()
"""
    + PLOT
    + """
from spice.resources.rnn import BaseRNN
from spice.estimator import SpiceConfig

FORGETTING_RNN_CONFIG = SpiceConfig(
    rnn_modules=['x_value_reward_chosen', 'x_value_reward_not_chosen'],
    control_parameters=['c_action', 'c_reward'],
    library_setup={'x_value_reward_chosen': ['c_reward'], 'x_value_reward_not_chosen': []},
    filter_setup={
        'x_value_reward_chosen': ['c_action', 1, True],
        'x_value_reward_not_chosen': ['c_action', 0, True],
    },
)


class ForgettingRNN(BaseRNN):

    init_values = {
        'x_value_reward': 0.5,
    }

    def __init__(self, n_actions, **kwargs):
        super(ForgettingRNN, self).__init__(n_actions=n_actions)
        self.submodules_rnn['x_value_reward_chosen'] = self.setup_module(input_size=1)
        self.submodules_rnn['x_value_reward_not_chosen'] = self.setup_module(input_size=0)

    def forward(self, inputs, prev_state=None, batch_first=False):
        inputs, ids, logits, timesteps = self.init_forward_pass(inputs, prev_state, batch_first)
        actions, rewards, _, _ = inputs
        for timestep, action, reward in zip(timesteps, actions, rewards):
            self.record_signal('c_action', action)
            self.record_signal('c_reward', reward)
            self.record_signal('x_value_reward_chosen', self.state['x_value_reward'])
            self.record_signal('x_value_reward_not_chosen', self.state['x_value_reward'])
            next_chosen = self.call_module(
                key_module='x_value_reward_chosen',
                key_state='x_value_reward',
                action=action,
                inputs=reward,
                activation_rnn=torch.nn.functional.leaky_relu
            )
            next_not_chosen = self.call_module(
                key_module='x_value_reward_not_chosen',
                key_state='x_value_reward',
                action=1-action,
                inputs=None,
            )
            self.state['x_value_reward'] = next_chosen + next_not_chosen
            logits[timestep] = self.state['x_value_reward']
        logits = self.post_forward_pass(logits, batch_first)
        return logits, self.get_state()


custom_estimator = SpiceEstimator(
    rnn_class=ForgettingRNN, spice_config=FORGETTING_RNN_CONFIG, learning_rate=1e-2, epochs=EPOCHS
)
custom_estimator.fit(dataset.xs, dataset.ys)
custom_estimator.print_spice_model()
"""
)

LEARNING_RATE_CONFIG = """
from spice.resources.rnn import BaseRNN
from spice.estimator import SpiceConfig

CUSTOM_RNN_CONFIG = SpiceConfig(
    rnn_modules=['x_learning_rate_reward', 'x_value_reward_not_chosen'],
    control_parameters=['c_action', 'c_reward', 'c_value_reward'],
    library_setup={
        'x_learning_rate_reward': ['c_reward', 'c_value_reward'],
        'x_value_reward_not_chosen': [],
    },
    filter_setup={
        'x_learning_rate_reward': ['c_action', 1, True],
        'x_value_reward_not_chosen': ['c_action', 0, True],
    },
)
"""

HARDCODED = (
    SETUP
    + """
agent = AgentQ(n_actions=n_actions, alpha_reward=0.3, forget_rate=0.2)
dataset, _, _ = create_dataset(agent=agent, environment=environment, n_trials=N_TRIALS, n_sessions=N_SESSIONS)
dataset.xs[..., -1] = 0

from spice.estimator import SpiceEstimator
from spice.precoded import LearningRateRNN, LEARNING_RATE_RNN_CONFIG

spice_estimator = SpiceEstimator(
    rnn_class=LearningRateRNN, spice_config=LEARNING_RATE_RNN_CONFIG, learning_rate=1e-2, epochs=EPOCHS
)
spice_estimator.fit(dataset.xs, dataset.ys)
spice_estimator.print_spice_model()
"""
    + PLOT
    + LEARNING_RATE_CONFIG
    + """

class CustomLearningRateRNN(BaseRNN):

    init_values = {
        'x_value_reward': 0.5,
        'x_learning_rate_reward': 0,
    }

    def __init__(self, n_actions, **kwargs):
        super(CustomLearningRateRNN, self).__init__(n_actions=n_actions)
        self.submodules_rnn['x_learning_rate_reward'] = self.setup_module(input_size=2)
        self.submodules_rnn['x_value_reward_not_chosen'] = self.setup_module(input_size=0)
        self.submodules_eq['x_value_reward_chosen'] = (
            lambda value, inputs: value + inputs[..., 1] * (inputs[..., 0] - value)
        )
        self.betas['x_value_reward'] = self.setup_constant()

    def forward(self, inputs, prev_state=None, batch_first=False):
        inputs, ids, logits, timesteps = self.init_forward_pass(inputs, prev_state, batch_first)
        actions, rewards, _, _ = inputs
        for timestep, action, reward in zip(timesteps, actions, rewards):
            self.record_signal('c_action', action)
            self.record_signal('c_reward', reward)
            self.record_signal('c_value_reward', self.state['x_value_reward'])
            self.record_signal('x_value_reward_not_chosen', self.state['x_value_reward'])
            self.record_signal('x_learning_rate_reward', self.state['x_learning_rate_reward'])
            rate = self.call_module(
                key_module='x_learning_rate_reward',
                key_state='x_learning_rate_reward',
                action=action,
                inputs=(reward, self.state['x_value_reward']),
                activation_rnn=torch.nn.functional.sigmoid,
            )
            next_chosen = self.call_module(
                key_module='x_value_reward_chosen',
                key_state='x_value_reward',
                action=action,
                inputs=(reward, rate),
            )
            next_not_chosen = self.call_module(
                key_module='x_value_reward_not_chosen',
                key_state='x_value_reward',
                action=1-action,
                inputs=None,
            )
            self.state['x_learning_rate_reward'] = rate
            self.state['x_value_reward'] = next_chosen + next_not_chosen
            logits[timestep] = self.state['x_value_reward'] * self.betas['x_value_reward']()
        logits = self.post_forward_pass(logits, batch_first)
        return logits, self.get_state()


custom_estimator = SpiceEstimator(
    rnn_class=CustomLearningRateRNN, spice_config=CUSTOM_RNN_CONFIG, learning_rate=1e-2, epochs=EPOCHS
)
custom_estimator.fit(dataset.xs, dataset.ys)
custom_estimator.print_spice_model()
"""
)

INDIVIDUAL = (
    SETUP
    + """
from spice.resources.rnn_utils import DatasetRNN

agent_1 = AgentQ(n_actions=n_actions, alpha_reward=0.8, forget_rate=0.2)
agent_2 = AgentQ(n_actions=n_actions, alpha_reward=0.8, alpha_penalty=0.2)
dataset_1, _, _ = create_dataset(
    agent=agent_1, environment=environment, n_trials=N_TRIALS, n_sessions=N_SESSIONS
)
dataset_1.xs[..., -1] = 0
dataset_2, _, _ = create_dataset(
    agent=agent_2, environment=environment, n_trials=N_TRIALS, n_sessions=N_SESSIONS
)
dataset_2.xs[..., -1] = 1
dataset_xs = torch.cat((dataset_1.xs, dataset_2.xs))
dataset_ys = torch.cat((dataset_1.ys, dataset_2.ys))
dataset = DatasetRNN(dataset_xs, dataset_ys)
n_participants = len(dataset.xs[..., -1].unique())
print(f'Shape of the new dataset: {dataset.xs.shape}')
print(f'Number of participants: {n_participants}')

from spice.utils.plotting import plot_session
import matplotlib.pyplot as plt

agents = {'groundtruth': agent_1, 'benchmark': agent_2}
fig, axs = plot_session(agents, dataset.xs[0])
plt.show()

from spice.estimator import SpiceEstimator
from spice.precoded import LearningRateRNN, LEARNING_RATE_RNN_CONFIG

spice_estimator = SpiceEstimator(
    rnn_class=LearningRateRNN, spice_config=LEARNING_RATE_RNN_CONFIG, learning_rate=1e-2, epochs=EPOCHS
)
spice_estimator.fit(dataset.xs, dataset.ys)
for participant in range(2):
    print(f"Discovered SPICE model for participant {participant}:")
    spice_estimator.print_spice_model(participant_id=participant)

for agent, part in ((agent_1, dataset_1), (agent_2, dataset_2)):
    agents = {'groundtruth': agent, 'rnn': spice_estimator.rnn_agent, 'spice': spice_estimator.spice_agent}
    fig, axs = plot_session(agents, part.xs[0])
    plt.show()

from spice.precoded import ParticipantEmbeddingRNN, PARTICIPANT_EMBEDDING_RNN_CONFIG

participant_ids = dataset.xs[..., -1].unique()
embedding_estimator = SpiceEstimator(
    rnn_class=ParticipantEmbeddingRNN,
    spice_config=PARTICIPANT_EMBEDDING_RNN_CONFIG,
    learning_rate=1e-2,
    epochs=EPOCHS,
    n_participants=len(participant_ids),
    scheduler=True,
    l2_weight_decay=1e-4,
)
embedding_estimator.fit(dataset.xs, dataset.ys)
for participant in range(2):
    embedding_estimator.print_spice_model(participant_id=participant)
embeddings = embedding_estimator.get_participant_embeddings()
"""
    + LEARNING_RATE_CONFIG
    + """

class CustomRNN(BaseRNN):

    init_values = {
        'x_value_reward': 0.5,
        'x_learning_rate_reward': 0,
    }

    def __init__(self, n_actions, n_participants, **kwargs):
        super(CustomRNN, self).__init__(n_actions=n_actions, embedding_size=4)
        self.participant_embedding = self.setup_embedding(
            num_embeddings=n_participants, embedding_size=self.embedding_size, dropout=0.
        )
        self.betas['x_value_reward'] = self.setup_constant(embedding_size=self.embedding_size)
        self.submodules_rnn['x_learning_rate_reward'] = self.setup_module(input_size=2+self.embedding_size)
        self.submodules_rnn['x_value_reward_not_chosen'] = self.setup_module(input_size=0+self.embedding_size)
        self.submodules_eq['x_value_reward_chosen'] = (
            lambda value, inputs: value + inputs[..., 1] * (inputs[..., 0] - value)
        )

    def forward(self, inputs, prev_state=None, batch_first=False):
        inputs, ids, logits, timesteps = self.init_forward_pass(inputs, prev_state, batch_first)
        actions, rewards, _, _ = inputs
        participant_id, _ = ids
        participant_embedding = self.participant_embedding(participant_id[:, 0].int())
        for timestep, action, reward in zip(timesteps, actions, rewards):
            self.record_signal('c_action', action)
            self.record_signal('c_reward', reward)
            self.record_signal('c_value_reward', self.state['x_value_reward'])
            self.record_signal('x_learning_rate_reward', self.state['x_learning_rate_reward'])
            self.record_signal('x_value_reward_not_chosen', self.state['x_value_reward'])
            rate = self.call_module(
                key_module='x_learning_rate_reward',
                key_state='x_learning_rate_reward',
                action=action,
                inputs=(reward, self.state['x_value_reward']),
                participant_embedding=participant_embedding,
                participant_index=participant_id,
                activation_rnn=torch.nn.functional.sigmoid,
            )
            next_chosen = self.call_module(
                key_module='x_value_reward_chosen',
                key_state='x_value_reward',
                action=action,
                inputs=(reward, rate),
                participant_embedding=participant_embedding,
                participant_index=participant_id,
            )
            next_not_chosen = self.call_module(
                key_module='x_value_reward_not_chosen',
                key_state='x_value_reward',
                action=1-action,
                inputs=None,
                participant_embedding=participant_embedding,
                participant_index=participant_id,
            )
            self.state['x_value_reward'] = next_chosen + next_not_chosen
            self.state['x_learning_rate_reward'] = rate
            logits[timestep] = (
                self.state['x_value_reward'] * self.betas['x_value_reward'](participant_embedding)
            )
        logits = self.post_forward_pass(logits, batch_first)
        return logits, self.get_state()


custom_estimator = SpiceEstimator(
    rnn_class=CustomRNN,
    spice_config=CUSTOM_RNN_CONFIG,
    learning_rate=1e-2,
    epochs=EPOCHS,
    n_participants=n_participants,
)
custom_estimator.fit(dataset.xs, dataset.ys)
for participant in range(2):
    custom_estimator.print_spice_model(participant_id=participant)
"""
)

CHOICE = (
    SETUP
    + """
agent = AgentQ(n_actions=n_actions, alpha_reward=0.3, forget_rate=0.2, beta_choice=1., alpha_choice=1.)
dataset, _, _ = create_dataset(agent=agent, environment=environment, n_trials=N_TRIALS, n_sessions=N_SESSIONS)
dataset.xs[..., -1] = 0

from spice.estimator import SpiceEstimator
from spice.precoded import ChoiceRNN, CHOICE_CONFIG

spice_estimator = SpiceEstimator(
    rnn_class=ChoiceRNN, spice_config=CHOICE_CONFIG, learning_rate=1e-2, epochs=EPOCHS, n_participants=1
)
spice_estimator.fit(dataset.xs, dataset.ys)
spice_estimator.print_spice_model()

from spice.utils.plotting import plot_session

agents = {'groundtruth': agent, 'rnn': spice_estimator.rnn_agent, 'spice': spice_estimator.spice_agent}
fig, axs = plot_session(agents, dataset.xs[0], signals_to_plot=['x_value_reward', 'x_value_choice'])

from spice.estimator import SpiceConfig
from spice.resources.rnn import BaseRNN

names = [
    'x_value_reward_chosen', 'x_value_reward_not_chosen',
    'x_value_choice_chosen', 'x_value_choice_not_chosen',
]
custom_config = SpiceConfig(
    rnn_modules=names,
    control_parameters=['c_action', 'c_reward'],
    library_setup={
        'x_value_reward_chosen': ['c_reward'],
        'x_value_reward_not_chosen': [],
        'x_value_choice_chosen': [],
        'x_value_choice_not_chosen': [],
    },
    filter_setup={
        'x_value_reward_chosen': ['c_action', 1, True],
        'x_value_reward_not_chosen': ['c_action', 0, True],
        'x_value_choice_chosen': ['c_action', 1, True],
        'x_value_choice_not_chosen': ['c_action', 0, True],
    }
)


class CustomRNN(BaseRNN):

    init_values = {
        'x_value_reward': 0.5,
        'x_value_choice': 0.,
    }

    def __init__(self, n_actions, n_participants, **kwargs):
        super(CustomRNN, self).__init__(n_actions=n_actions, embedding_size=8)
        self.participant_embedding = self.setup_embedding(
            num_embeddings=n_participants, embedding_size=self.embedding_size
        )
        self.betas['x_value_reward'] = self.setup_constant(embedding_size=self.embedding_size)
        self.betas['x_value_choice'] = torch.nn.Sequential(
            torch.nn.Linear(self.embedding_size, 1), torch.nn.ReLU()
        )
        self.submodules_rnn['x_value_reward_chosen'] = self.setup_module(input_size=1+self.embedding_size)
        self.submodules_rnn['x_value_reward_not_chosen'] = self.setup_module(input_size=0+self.embedding_size)
        self.submodules_rnn['x_value_choice_chosen'] = self.setup_module(input_size=0+self.embedding_size)
        self.submodules_rnn['x_value_choice_not_chosen'] = self.setup_module(input_size=0+self.embedding_size)

    def forward(self, inputs, prev_state=None, batch_first=False):
        inputs, ids, logits, timesteps = self.init_forward_pass(inputs, prev_state, batch_first)
        actions, rewards, _, _ = inputs
        participant_id, _ = ids
        participant_embedding = self.participant_embedding(participant_id[:, 0].int())
        who = {'participant_embedding': participant_embedding, 'participant_index': participant_id}
        beta_reward = self.betas['x_value_reward'](participant_embedding)
        beta_choice = self.betas['x_value_choice'](participant_embedding)
        for timestep, action, reward in zip(timesteps, actions, rewards):
            self.record_signal('c_action', action)
            self.record_signal('c_reward', reward)
            for name in names:
                state = 'x_value_reward' if 'reward' in name else 'x_value_choice'
                self.record_signal(name, self.state[state])
            reward_chosen = self.call_module(
                key_module='x_value_reward_chosen', key_state='x_value_reward', action=action,
                inputs=(reward),
                activation_rnn=torch.nn.functional.sigmoid, **who,
            )
            reward_not_chosen = self.call_module(
                key_module='x_value_reward_not_chosen', key_state='x_value_reward', action=1-action,
                inputs=None, **who,
            )
            choice_chosen = self.call_module(
                key_module='x_value_choice_chosen', key_state='x_value_choice', action=action, inputs=None,
                activation_rnn=torch.nn.functional.sigmoid, **who,
            )
            choice_not_chosen = self.call_module(
                key_module='x_value_choice_not_chosen', key_state='x_value_choice', action=1-action,
                inputs=None, activation_rnn=torch.nn.functional.sigmoid, **who,
            )
            self.state['x_value_reward'] = reward_chosen + reward_not_chosen
            self.state['x_value_choice'] = choice_chosen + choice_not_chosen
            logits[timestep] = (
                self.state['x_value_reward'] * beta_reward + self.state['x_value_choice'] * beta_choice
            )
        logits = self.post_forward_pass(logits, batch_first)
        return logits, self.get_state()


custom_estimator = SpiceEstimator(
    rnn_class=CustomRNN, spice_config=custom_config, learning_rate=1e-2, epochs=EPOCHS, n_participants=1
)
custom_estimator.fit(dataset.xs, dataset.ys)
custom_estimator.print_spice_model()
prediction_rnn, prediction_spice = custom_estimator.predict(dataset.xs)
"""
)

EQUATION = r"\((\w+)\)\[k\+1\] = (?:-?\d+\.\d{3}(?: \S+)+(?: \+ )?)+|\((\w+)\)\[k\+1\] = 0\.000"


def run(script, folder, monkeypatch, n_trials=20, n_sessions=8, epochs=12):
    """The script with its import lines changed, in a folder of its own; its names when it has ended."""
    monkeypatch.chdir(folder)
    changed = re.sub(r"^from spice[\w.]* import", "from spicewidgets import", script, flags=re.MULTILINE)
    assert "from spice." not in changed
    names = {"__name__": "tutorial", "N_TRIALS": n_trials, "N_SESSIONS": n_sessions, "EPOCHS": epochs}
    exec(compile(changed, "tutorial", "exec"), names)
    return names


def equations(text):
    return [match.group(1) or match.group(2) for match in re.finditer(EQUATION, text)]


pytestmark = [
    pytest.mark.filterwarnings("ignore:The loss"),
    pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive"),
]


@pytest.fixture(autouse=True)
def figures_are_closed():
    plt.close("all")  # other tests' figures would count
    yield
    plt.close("all")


def test_0_data_preparation(tmp_path, monkeypatch):
    """The first tutorial, but for its arrays of zeros with 5 columns and 3 arms, which no layout has."""
    names = run(DATA_PREPARATION, tmp_path, monkeypatch)
    assert names["with_inputs"] == (2, 3, 8)
    assert names["converted"].xs.shape == (2, 3, 7)
    assert names["converted"].ys.shape == (2, 3, 2)
    assert names["synthetic_df"].shape == (20, 3)
    assert names["windows"].xs.shape[1:] == (50, 5)
    assert names["train_dataset"].xs.shape == (2, 8, 5)
    assert names["test_dataset"].xs.shape == (2, 2, 5)
    assert len(names["first"]) == len(names["second"]) == 1


@pytest.mark.seed(93)
def test_1_rescorla_wagner(tmp_path, monkeypatch, capsys):
    names = run(RESCORLA_WAGNER, tmp_path, monkeypatch)
    assert equations(capsys.readouterr().out) == ["x_value_reward_chosen"] * 2
    assert names["reward_probabilities"].std(0).min() > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rnn_model.pkl", "spice_model.pkl"]
    for p, q in zip(
        names["loaded_spice"].predict(names["dataset"].xs),
        names["spice_estimator"].predict(names["dataset"].xs),
        strict=True,
    ):
        np.testing.assert_array_equal(p, q)
    # The class that is written out and the precoded one are the same model
    for made in (spicewidgets.RescorlaWagnerRNN, names["CustomRNN"]):
        torch.manual_seed(0)
        logits, _ = made(2)(names["dataset"].xs, batch_first=True)
        names.setdefault("logits", logits)
        assert torch.equal(logits, names["logits"])


def test_2_forgetting(tmp_path, monkeypatch, capsys):
    names = run(FORGETTING, tmp_path, monkeypatch)
    assert equations(capsys.readouterr().out) == ["x_value_reward_chosen", "x_value_reward_not_chosen"] * 2
    assert names["custom_estimator"].predict(names["dataset"].xs)[1].shape == (8, 20, 2)


def test_3_hardcoded_equations(tmp_path, monkeypatch, capsys):
    names = run(HARDCODED, tmp_path, monkeypatch)
    out = capsys.readouterr().out
    assert equations(out) == ["x_learning_rate_reward", "x_value_reward_not_chosen"] * 2
    assert out.count("(x_value_reward_chosen)[k+1] is given as a hard-coded equation") == 2  # T20
    assert len(re.findall(r"beta\(x_value_reward\) = -?\d+\.\d{4}", out)) == 2  # T19
    terms = names["custom_estimator"].spice_model_.equation("x_learning_rate_reward").terms
    assert ("c_value_reward",) in terms


def test_4_individual_differences(tmp_path, monkeypatch, capsys):
    names = run(INDIVIDUAL, tmp_path, monkeypatch, epochs=6)
    out = capsys.readouterr().out
    assert "Shape of the new dataset: torch.Size([16, 20, 5])" in out
    assert "Number of participants: 2" in out
    rates, chosen, rest = "x_learning_rate_reward", "x_value_reward_chosen", "x_value_reward_not_chosen"
    assert equations(out) == [rates, rest] * 2 + [chosen, rest] * 2 + [rates, rest] * 2
    assert {label: tuple(size.shape) for label, size in names["embeddings"].items()} == {0: (8,), 1: (8,)}
    custom = names["custom_estimator"]
    assert custom.spice_model_.text(0) != custom.spice_model_.text(1)
    assert custom.predict(names["dataset"].xs)[1].shape == (16, 20, 2)


def test_4_with_the_config_of_another_model(tmp_path, monkeypatch):
    """A later version of the tutorial pairs these two, which the peer finds out after the training."""
    swapped = INDIVIDUAL.replace(
        "spice_config=PARTICIPANT_EMBEDDING_RNN_CONFIG", "spice_config=LEARNING_RATE_RNN_CONFIG"
    )
    with pytest.raises(
        spicewidgets.SettingsError, match="rnn_modules names 'x_learning_rate_reward'; Participant"
    ):
        run(swapped, tmp_path, monkeypatch, epochs=1)


def test_5_choice_perseverance(tmp_path, monkeypatch, capsys):
    names = run(CHOICE, tmp_path, monkeypatch, epochs=6)
    out = capsys.readouterr().out
    assert equations(out) == names["names"] * 2
    assert out.count("beta(x_value_choice) = ") == 2
    assert names["prediction_rnn"].shape == names["prediction_spice"].shape == (8, 20, 2)
