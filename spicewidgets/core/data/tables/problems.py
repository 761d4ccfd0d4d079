"""Everything in a table that can be read in more than one way, with what can be done about it."""

from collections.abc import Mapping

from ...tasks import TASKS

LEAVE_OUT = "these rows are left out"
KINDS: Mapping[str, Mapping[str, str]] = {
    "extra_fields": {"leave_out": LEAVE_OUT, "keep": "their first fields are used"},
    "kind": {
        kind.name: f"they are read as those of this kind: {kind.title.lower()}"
        for kind in TASKS.values()
        if not kind.stages
    },
    "practice": {"leave_out": LEAVE_OUT, "keep": "they are used as all others"},
    "events": {"leave_out": LEAVE_OUT, "keep": "they are used as trials"},
    "no_participant": {"leave_out": LEAVE_OUT, "one_person": "they are used as those of one more person"},
    "repeated_rows": {"leave_out": "only the first of equal rows is used", "keep": "all are used"},
    "sessions": {
        "start_anew": "each is a session of its own, in which learning starts anew",
        "carry_on": "a person's rows are one session, in which what was learned carries on",
    },
    "order": {
        "sort": "the rows of a session are put in the order of its trials",
        "keep": "they stay as they are",
    },
    "restarts": {
        "start_anew": "a new session begins there, in which learning starts anew",
        "carry_on": "the session goes on, and what was learned carries on",
    },
    "repeated_trials": {"leave_out": "only the first row of a trial is used", "keep": "all are used"},
    "spelling": {"merge": "they are the same option", "keep": "they are options of their own"},
    "missing_code": {"missing": "they are missing trials", "option": "it is an option of its own"},
    "missed_trials": {
        "keep": "they stay as missing trials, which change nothing and are not predicted",
        "leave_out": LEAVE_OUT,
    },
    "gaps": {
        "all_numbers": "all numbers from the lowest to the highest are options",
        "as_they_occur": "only what occurs is an option",
    },
    "rare_options": {"keep": "they are options as all others", "missing": "they are missing trials"},
    "no_state": {"missing": "they are missing trials", "leave_out": LEAVE_OUT},
    "not_offered": {"missing": "they are missing trials", "leave_out": LEAVE_OUT},
    "unreadable_rewards": {"missing": "their trials are missing", "leave_out": LEAVE_OUT},
    "other_outcomes": {
        "chosen_only": "only that of the option chosen is kept",
        "all": "those of all options are kept, for models that learn from them",
    },
    "outlier_rewards": {
        "missing": "their trials are missing",
        "leave_out": LEAVE_OUT,
        "keep": "they are used as all others",
    },
    "missing_rewards": {
        "missing": "they are missing trials, though the choice is still predicted",
        "leave_out": LEAVE_OUT,
        "zero": "their reward is 0",
    },
    "scale": {
        "range": "the lowest becomes 0 and the highest 1",
        "largest": "all are divided by the largest size, so that 0 stays 0",
        "middle": "0 becomes 0.5, and the largest size 0 or 1",
        "keep": "they stay as they are",
    },
    "few_trials": {"drop_person": "these people are left out", "keep": "they are used as all others"},
    "same_option": {"keep": "they are used as all others", "drop_person": "these people are left out"},
    "missing_inputs": {"missing": "they are missing trials", "leave_out": LEAVE_OUT},
}
