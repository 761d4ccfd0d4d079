"""The path of the tutorial from which this package began, step for step: what shows each of its steps.

Its 112 steps are numbered S1 to S112, as in the comments beside the tests.
"""

import ast
from functools import cache
from pathlib import Path

import nbformat
import pytest

TESTS = Path(__file__).parent
LESSON = TESTS.parent / "notebooks" / "01_rescorla_wagner.ipynb"

# Step: what it is, and the tests that show it.
STEPS = {
    1: (
        "badge that opens the notebook on Colab",
        "test_notebooks.py::test_it_holds_no_outputs_and_begins_as_a_door",
    ),
    2: (
        "one set-up cell, harmless when run twice",
        "test_notebooks.py::test_it_holds_no_outputs_and_begins_as_a_door",
    ),
    3: (
        "set-up replaces nothing that Colab has",
        "test_notebooks.py::test_it_holds_no_outputs_and_begins_as_a_door",
        "test_package.py::test_installing_on_colab_replaces_nothing",
    ),
    4: (
        "one line installs it, no compiler",
        "test_package.py::test_a_wheel_holds_the_doors_and_the_page",
        "test_readme.py::test_a_script_of_the_readme_runs_and_prints_what_is_shown",
    ),
    5: ("what one must know before", "test_seed.py::test_lesson_1_says_it"),
    6: (
        "controls explain themselves",
        "state/test_states.py::test_every_setting_says_what_it_is",
        "panels/test_panels.py::test_a_control_reads_the_trait_and_keeps_both_ends_equal",
    ),
    7: (
        "first the ready model, then one of one's own",
        "test_seed.py::test_lesson_1_says_it",
        "test_seed.py::test_lesson_1_goes_the_same_way",
    ),
    8: (
        "the order of the steps",
        "test_seed.py::test_lesson_1_goes_the_same_way",
        "test_lessons.py::test_1_rescorla_wagner",
    ),
    9: ("the equation with its symbols", "test_seed.py::test_lesson_1_says_it"),
    10: ("lambda and V are reward and Q", "test_seed.py::test_lesson_1_says_it"),
    11: (
        "the update written in three ways",
        "test_seed.py::test_lesson_1_says_it",
        "core/read/test_steps.py::test_each_rule_evaluated_is_the_parameter_and_exact",
    ),
    12: (
        "what beta does to choices",
        "test_seed.py::test_lesson_1_says_it",
        "panels/test_trial.py::test_the_choice_follows_from_the_new_values",
    ),
    13: (
        "a choice pays 0 or 1",
        "core/simulate/test_environments.py::test_rewards_and_probabilities_stay_in_their_bounds",
    ),
    14: (
        "rewards come with their probability",
        "core/simulate/test_environments.py::test_mean_rewards_are_the_probabilities",
    ),
    15: ("fixed probabilities", "core/simulate/test_environments.py::test_fixed_probabilities_stay"),
    16: ("drifting probabilities", "core/simulate/test_environments.py::test_drift_takes_normal_steps"),
    17: (
        "a random walk with normal steps",
        "core/simulate/test_environments.py::test_drift_takes_normal_steps",
    ),
    18: (
        "sigma, its default and its bounds",
        "core/simulate/test_environments.py::test_sigma_zero_keeps_the_first_probabilities",
        "core/test_settings.py::test_a_wrong_setting_is_a_sentence",
    ),
    19: ("more than two arms", "core/test_estimator_data.py::test_three_arms_from_data_to_equation"),
    20: (
        "probabilities stay in 0 to 1",
        "core/simulate/test_environments.py::test_boundary_rules",
        "core/simulate/test_environments.py::test_rewards_and_probabilities_stay_in_their_bounds",
    ),
    21: (
        "reward_probs can be read, not changed",
        "core/simulate/test_environments.py::test_probabilities_are_a_copy",
    ),
    22: (
        "step(choice=0) lets it drift",
        "core/simulate/test_environments.py::test_the_task_does_not_depend_on_the_choices",
    ),
    23: (
        "picture of the drift",
        "plots/test_figures.py::test_a_line_for_each_arm",
        "test_lessons.py::test_1_rescorla_wagner",
    ),
    24: (
        "sessions begin afresh",
        "core/simulate/test_environments.py::test_sessions_are_repeatable_and_begin_afresh",
    ),
    25: ("other tasks", "core/simulate/test_environments.py::test_a_task_from_settings"),
    26: (
        "seeds",
        "core/test_random.py::test_none_is_repeatable_by_numpys_global_seed",
        "core/test_estimator.py::test_the_same_seed_gives_the_same_to_the_last_bit",
        "core/train/test_training.py::test_nothing_global_changes",
    ),
    27: ("parameters are checked", "core/simulate/test_agents.py::test_what_cannot_be_is_a_sentence"),
    28: ("AgentQ follows its formula", "core/simulate/test_agents.py::test_values_follow_the_formulas"),
    29: (
        "beta has a default that is shown",
        "core/simulate/test_agents.py::test_the_simple_case_by_hand",
        "test_seed.py::test_lesson_1_says_it",
    ),
    30: ("q0 can be seen", "core/simulate/test_agents.py::test_the_simple_case_by_hand"),
    31: ("softmax", "core/simulate/test_agents.py::test_softmax_is_scipys"),
    32: (
        "parameters drawn for each session",
        "core/simulate/test_agents.py::test_drawn_parameters_stay_in_their_bounds",
        "core/simulate/test_run.py::test_drawn_parameters_come_back",
    ),
    33: (
        "parameters fixed by default",
        "core/simulate/test_agents.py::test_a_session_without_drawing_has_the_parameters_given",
    ),
    34: ("other mechanisms off by default", "core/simulate/test_agents.py::test_the_simple_case_by_hand"),
    35: (
        "an agent replayed on a session",
        "core/judge/test_replay.py::test_a_replay_is_the_agents_own_run",
        "core/simulate/test_agents.py::test_replaying_uses_up_no_randomness",
    ),
    36: ("create_dataset gives three things", "core/simulate/test_run.py::test_layout"),
    37: (
        "xs and ys",
        "core/simulate/test_run.py::test_layout",
        "core/data/test_dataset.py::test_it_is_a_torch_dataset",
    ),
    38: (
        "every column has a name",
        "core/data/test_dataset.py::test_every_column_has_a_name",
        "core/data/test_dataset.py::test_a_table_and_back_is_exact",
    ),
    39: ("choices one-hot, rewards not seen -1", "core/data/test_dataset.py::test_what_the_columns_hold"),
    40: ("ys is the next choice", "core/simulate/test_run.py::test_layout"),
    41: (
        "who played, also by hand",
        "core/data/test_dataset.py::test_changes_in_place_are_seen",
        "core/test_estimator.py::test_sessions_that_all_have_their_own_participant",
    ),
    42: ("sessions to read", "core/data/test_dataset.py::test_a_session_prints_as_a_table"),
    43: (
        "inputs and targets shown",
        "test_seed.py::test_lesson_1_says_it",
        "test_lessons.py::test_1_rescorla_wagner",
    ),
    44: ("which session is looked at", "plots/test_session.py::test_a_number_counts_in_the_dataset"),
    45: (
        "agents by label, with fixed looks",
        "plots/test_session.py::test_truth_rnn_and_spice_look_the_same_in_any_spelling",
        "plots/test_session.py::test_any_label_is_accepted_and_labels_rename_it",
    ),
    46: ("a session in any form", "plots/test_session.py::test_a_session_comes_in_any_form"),
    47: (
        "figure and axes",
        "plots/test_session.py::test_it_returns_a_figure_and_its_axes",
        "test_lessons.py::test_1_rescorla_wagner",
    ),
    48: ("panel of P", "plots/test_session.py::test_the_panels_are_those_of_the_tutorial"),
    49: ("panel of the logit", "plots/test_session.py::test_the_panels_are_those_of_the_tutorial"),
    50: (
        "panel of the reward-based value",
        "plots/test_session.py::test_the_panels_are_those_of_the_tutorial",
    ),
    51: (
        "panel of the choice-based value where there is one",
        "plots/test_session.py::test_a_choice_state_has_a_panel_where_the_agent_uses_it",
    ),
    52: (
        "panel of the learning rate when asked for",
        "plots/test_session.py::test_the_learning_rate_has_a_panel_where_it_is_named",
    ),
    53: (
        "marks at the choices, by colour and shape",
        "plots/test_session.py::test_the_marks_stand_at_the_trials_of_the_option_shown",
        "plots/test_session.py::test_rewarded_and_not_differ_in_colour_shape_and_place",
    ),
    54: (
        "one legend, inside",
        "plots/test_session.py::test_one_legend_inside_the_figure_names_lines_and_marks",
    ),
    55: (
        "layers can be switched",
        "plots/test_figures.py::test_layers_stay_switched_off_in_the_next_session",
    ),
    56: (
        "the same history for all",
        "plots/test_session.py::test_the_lines_are_those_of_a_replay",
        "plots/test_session.py::test_p_at_a_trial_does_not_know_that_trial",
    ),
    57: ("which option is shown", "plots/test_session.py::test_three_options"),
    58: (
        "works with pyplot, changes no setting",
        "plots/test_session.py::test_plt_show_shows_it_where_pyplot_is_loaded",
        "plots/test_session.py::test_no_setting_of_matplotlib_is_changed_nor_obeyed",
    ),
    59: (
        "SpiceEstimator and its arguments",
        "core/test_estimator_settings.py::test_the_settings_of_autospice_are_accepted",
    ),
    60: (
        "the ready model and config, in both spellings",
        "core/train/test_precoded.py::test_spelling_of_the_tutorial",
    ),
    61: (
        "fit takes tensors, arrays and data sets",
        "core/test_estimator_data.py::test_all_forms_of_data_give_the_same",
    ),
    62: (
        "two stages that can be seen",
        "lab/test_runner.py::test_a_run_ends_with_a_result_and_says_so",
        "panels/test_panels.py::test_the_main_job",
    ),
    63: ("the training live", "browser/test_journey.py::test_in_voila"),
    64: (
        "loss with chance and floor",
        "core/train/test_training.py::test_loss_is_the_cross_entropy_of_the_next_choice",
        "core/train/test_training.py::test_floor_is_the_loss_of_the_agent_that_made_the_choices",
        "plots/test_loss.py::test_chance_and_the_true_agent_are_named_with_their_numbers",
    ),
    65: ("verbose=False is silent", "core/test_estimator.py::test_verbose_false_is_silent"),
    66: (
        "equations of one participant only",
        "core/test_estimator.py::test_one_equation_per_participant_or_of_one",
    ),
    67: (
        "print_spice_model writes the same line",
        "core/test_equations.py::test_text_is_the_tutorials",
        "core/test_estimator.py::test_print_spice_model_writes_the_equation_and_returns_all",
    ),
    68: (
        "the equation as a result of its own",
        "core/test_estimator.py::test_print_spice_model_writes_the_equation_and_returns_all",
    ),
    69: (
        "the expected numbers",
        "core/discover/test_recovery.py::test_seed_call_finds_the_tutorials_numbers",
        "test_lessons.py::test_1_rescorla_wagner",
    ),
    70: (
        "an interrupt keeps what was learned",
        "core/test_estimator.py::test_an_interrupt_keeps_what_was_learned_and_finds_the_equation",
        "lab/test_runner.py::test_stop_within_a_second_keeps_what_was_learned",
    ),
    71: (
        "each term has a meaning",
        "test_lessons.py::test_1_rescorla_wagner",
        "core/read/test_translation.py::test_rescorla_wagner_in_the_models_coordinates",
    ),
    72: (
        "the constant: what leaving it out costs",
        "test_lessons.py::test_1_rescorla_wagner",
        "core/read/test_translation.py::test_the_constant_does_not_drop_out",
        "panels/test_translate.py::test_the_constant_cannot_be_dropped_for_nothing",
    ),
    73: (
        "alpha from the equation",
        "test_lessons.py::test_1_rescorla_wagner",
        "core/read/test_translation.py::test_published_equation_of_the_tutorial",
    ),
    74: (
        "beta from the equation",
        "test_lessons.py::test_1_rescorla_wagner",
        "core/read/test_translation.py::test_published_equation_of_the_tutorial",
    ),
    75: (
        "whether the mechanism was found, in numbers",
        "test_lessons.py::test_1_rescorla_wagner",
        "lab/test_coach.py::test_the_tutorials_mechanism_is_exact_within_error",
    ),
    76: ("truth, network and equation compared", "test_lessons.py::test_1_rescorla_wagner"),
    77: (
        "off-policy samples",
        "core/discover/test_sindy.py::test_off_policy_samples_are_runs_of_the_same_arm",
    ),
    78: (
        "no name that is not there",
        "test_lessons.py::test_1_rescorla_wagner",
        "test_package.py::test_every_public_name_resolves",
    ),
    79: ("BaseRNN is a torch module", "core/train/test_rnn.py::test_a_model_is_a_torch_module"),
    80: (
        "forward's arguments",
        "core/train/test_rnn.py::test_custom_class_equals_the_precoded_one",
        "core/train/test_rnn.py::test_trials_first_is_the_same_as_sessions_first",
    ),
    81: ("names of memory states", "core/train/test_rnn.py::test_names_of_states_start_with_x"),
    82: ("init_values", "core/train/test_rnn.py::test_initial_values_may_differ_per_arm"),
    83: ("setup_module", "core/train/test_rnn.py::test_wrong_input_size_names_module_expected_and_given"),
    84: ("init_forward_pass", "core/train/test_rnn.py::test_parts_of_the_input"),
    85: (
        "record_signal",
        "core/train/test_rnn.py::test_recorded_signals_come_back_trial_by_trial",
        "core/discover/test_sindy.py::test_a_forgotten_signal_is_named_with_the_config_key",
    ),
    86: (
        "call_module, for the chosen or the other arm",
        "core/train/test_rnn.py::test_transitions_hold_what_each_module_did",
        "core/train/test_rnn.py::test_a_mask_may_have_one_column_or_be_boolean",
    ),
    87: (
        "the other value is carried over",
        "core/train/test_rnn.py::test_value_of_an_arm_not_chosen_is_carried_over_exactly",
    ),
    88: (
        "memory is the sum of both",
        "core/train/test_rnn.py::test_memory_is_the_sum_of_chosen_and_not_chosen",
    ),
    89: ("logits of the next choice", "core/train/test_rnn.py::test_logits_are_of_the_next_choice"),
    90: ("the memory can be handed on", "core/train/test_rnn.py::test_two_half_sessions_are_one_session"),
    91: (
        "picture of the network's structure",
        "test_seed.py::test_lesson_1_says_it",
        "panels/test_model_panel.py::test_every_precoded_model_has_a_picture_and_the_same_in_words",
    ),
    92: ("every argument explained", "test_seed.py::test_lesson_1_says_it"),
    93: (
        "custom and ready give the same",
        "test_lessons.py::test_1_rescorla_wagner",
        "test_tutorials.py::test_1_rescorla_wagner",
    ),
    94: ("rnn_modules", "core/test_config.py::test_the_tutorials_config"),
    95: (
        "control_parameters",
        "core/test_config.py::test_the_tutorials_config",
        "core/test_config.py::test_an_unknown_signal_says_what_it_may_have_meant",
    ),
    96: (
        "library_setup",
        "core/test_config.py::test_the_tutorials_config",
        "panels/test_library.py::test_a_term_can_be_left_out_and_offered_again",
    ),
    97: ("filter_setup", "core/discover/test_sindy.py::test_a_filter_keeps_the_samples_that_have_the_value"),
    98: (
        "a filter takes its signal out of the terms",
        "core/discover/test_sindy.py::test_a_removed_signal_is_no_candidate_term",
    ),
    99: ("several conditions", "core/discover/test_sindy.py::test_several_conditions_hold_together"),
    100: (
        "configs can be used again",
        "core/test_config.py::test_arguments_are_kept_as_given_and_never_changed",
    ),
    101: ("save either or both", "core/test_storage.py::test_exactly_the_named_files_are_written"),
    102: (
        "load into another estimator",
        "core/test_storage.py::test_both_files_to_the_last_bit",
        "test_lessons.py::test_1_rescorla_wagner",
    ),
    103: (
        "load one of them",
        "core/test_storage.py::test_weights_alone",
        "core/test_storage.py::test_equations_alone",
    ),
    104: (
        "the ready model into one's own class",
        "core/test_storage.py::test_into_another_class_of_the_same_structure",
        "test_lessons.py::test_1_rescorla_wagner",
    ),
    105: (
        "any file name, data only",
        "core/test_storage.py::test_exactly_the_named_files_are_written",
        "core/test_storage.py::test_foreign_files",
    ),
    106: (
        "try other parameters",
        "test_seed.py::test_lesson_1_says_it",
        "panels/test_panels.py::test_a_moved_slider_redraws_the_picture",
    ),
    107: (
        "on to forgetting",
        "test_seed.py::test_lesson_1_says_it",
        "test_notebooks.py::test_each_lesson_leads_to_the_next",
    ),
    108: (
        "poor convergence and what helps",
        "test_seed.py::test_lesson_1_says_it",
        "lab/test_coach.py::test_not_converged",
    ),
    109: (
        "overfitting and what helps",
        "test_seed.py::test_lesson_1_says_it",
        "test_lessons.py::test_1_rescorla_wagner",
        "lab/test_coach.py::test_overfit",
    ),
    110: (
        "unstable training and what helps",
        "test_seed.py::test_lesson_1_says_it",
        "lab/test_coach.py::test_unstable_training",
    ),
    111: (
        "an equation for each participant",
        "core/test_estimator.py::test_one_equation_per_participant_or_of_one",
        "test_lessons.py::test_4_individual_differences",
    ),
    112: (
        "the same notebook everywhere",
        "test_lessons.py::test_1_rescorla_wagner",
        "browser/test_lessons.py::test_a_lesson_opens_and_its_answers_are_checked",
        "browser/test_page.py::test_binders_link_opens_the_explorer",
    ),
}

# What has to stand in the lesson itself.
SAID = {
    5: "You need some Python",
    7: "## 4. A network that is ready to use",
    9: r"\Delta V = \alpha\,(\lambda - V)",
    10: r"| $\lambda$, the most there is to learn | $r$, the reward of this trial",
    11: r"Q' \;=\; Q + \alpha\,(r - Q) \;=\; (1 - \alpha)\,Q + \alpha\,r",
    12: "**inverse noise temperature**: at 0 the choices are a coin flip",
    29: "Keep an eye on `beta_reward` and on `q0`",
    43: 'columns=["next_choice_0", "next_choice_1"]',
    91: "diagram(describe(CustomRNN(n_actions))",
    92: "prev_state: a memory to go on from",
    106: "change `alpha_reward`, `sigma` or the number of sessions",
    107: "(02_forgetting.ipynb)",
    108: "**It has not converged.**",
    109: "**It overfits.**",
    110: "**It is unstable.**",
}

# In this order.
WAY = (
    "pip install",
    "BanditsDrift(sigma=0.2, n_actions=n_actions",
    "environment.step(choice=0)",
    "AgentQ(n_actions=n_actions, alpha_reward=0.3)",
    "create_dataset(",
    'plot_session(agents={"groundtruth": agent}, experiment=dataset.xs[0])',
    "rnn_class=RescorlaWagnerRNN",
    "spice.fit(dataset)",
    "spice.print_spice_model()",
    "## 5. What the numbers mean",
    "plot_session(agents, dataset.xs[0]",
    "BaseRNN",
    "def forward(self, inputs, prev_state=None, batch_first=False)",
    "SpiceConfig(",
    "custom.fit(dataset.xs, dataset.ys)",
    "spice.save_spice(",
    "loaded.load_spice(",
    "## When it does not work so well",
    "**Next:**",
)


@cache
def names_of(file: str) -> set[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def lesson() -> str:
    return "\n".join(cell.source for cell in nbformat.read(LESSON, as_version=4).cells)


def test_every_step_is_here():
    assert list(STEPS) == list(range(1, 113))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"S{step}")
def test_a_step_has_a_test(step):
    words, *shown = STEPS[step]
    assert words
    assert shown
    assert [each for each in shown if each.split("::")[1] not in names_of(each.split("::")[0])] == []


def test_what_the_lesson_has_to_say_is_in_the_table():
    says = "test_seed.py::test_lesson_1_says_it"
    assert [step for step in STEPS if says in STEPS[step]] == list(SAID)


@pytest.mark.parametrize("step", SAID, ids=lambda step: f"S{step}")
def test_lesson_1_says_it(step):
    assert SAID[step] in lesson().replace("\n", " ") or SAID[step] in lesson()


def test_lesson_1_goes_the_same_way():  # S7, S8
    text, at = lesson(), 0
    for step in WAY:
        at = text.find(step, at)
        assert at >= 0, step
