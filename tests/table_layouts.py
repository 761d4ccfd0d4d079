"""Small tables in the layouts of the field's tools, made here with a seed: nothing in them was measured."""

from collections.abc import Callable

import numpy as np


def table(header: str, row: Callable, people: int = 3, trials: int = 12, separator: str = ",", seed: int = 0):
    """A table as bytes: `row(random, person, trial)` gives the cells of a row."""
    random = np.random.default_rng(seed)
    lines = [header]
    for person in range(people):
        lines += [separator.join(map(str, row(random, person, trial))) for trial in range(trials)]
    return ("\n".join(lines) + "\n").encode()


def coin(random) -> int:
    return int(random.integers(2))


def hbayesdm():
    return table(
        "subjID\tchoice\toutcome", lambda r, p, t: (f"s{p}", coin(r) + 1, 2 * coin(r) - 1), separator="\t"
    )


def igt():
    return table(
        "subjID\ttrial\tchoice\tgain\tloss",
        lambda r, p, t: (p, t + 1, r.integers(1, 5), r.integers(1, 3) * 50, -coin(r) * 150),
        separator="\t",
        trials=20,
    )


def pst():
    return table(
        "subjID\ttype\tchoice\treward",
        lambda r, p, t: (p, (12, 34, 56)[t % 3], coin(r), coin(r)),
        separator="\t",
        trials=24,
    )


def gng():
    return table(
        "subjID\tcue\tkeyPressed\toutcome",
        lambda r, p, t: (p, t % 4 + 1, coin(r), r.integers(-1, 2)),
        separator="\t",
        trials=32,
    )


def bandit4arm():
    return table(
        "subjID\tchoice\tgain\tloss",
        lambda r, p, t: (p, r.integers(1, 5), coin(r), -coin(r)),
        separator="\t",
        trials=20,
    )


def prl():
    return table(
        "subjID\tblock\tchoice\toutcome",
        lambda r, p, t: (p, t // 6 + 1, coin(r) + 1, 2 * coin(r) - 1),
        separator="\t",
    )


def hddm():
    pairs = ("AB", "CD", "EF")
    return table(
        "subj_idx,response,cond,rt,trial,split_by,feedback,q_init",
        lambda r, p, t: (p + 40, f"{coin(r)}.0", pairs[t % 3], 0.7, f"{t // 3 + 1}.0", t % 3, coin(r), 0.5),
        trials=18,
    )


def hssm():
    return table(
        "participant_id,rt,response,feedback", lambda r, p, t: (p, r.random(), 2 * coin(r) - 1, coin(r))
    )


def rlssm():
    pairs = ((2, 1), (3, 1), (4, 2), (4, 3))

    def row(r, p, t):
        pair = pairs[r.integers(4)]
        return t, p, 1 + t // 12, t % 12 + 1, *r.integers(30, 65, 2), *pair, 1, 0.7, coin(r)

    columns = "participant,block_label,trial_block,f_cor,f_inc,cor_option,inc_option,times_seen,rt,accuracy"
    return table(f",{columns}", row, trials=24)


def cpm():
    def row(r, p, t):
        shown, paid, response = r.permutation(4)[:2] + 1, r.integers(0, 2, 2), r.integers(1, 3)
        return t, p, t + 1, *shown, *paid, response, paid[response - 1]

    return table(
        "index,ppt,trial,arm_left,arm_right,reward_left,reward_right,response,feedback", row, trials=24
    )


def autospice():
    return table("session,block,experiment,choice,reward", lambda r, p, t: (p, t // 6, 0, coin(r), coin(r)))


def jspsych():
    def row(r, p, t):
        if t % 3 == 1:
            return "html-button-response", t, "choice", p, coin(r), 412, coin(r), t * 500, "true"
        return "html-keyboard-response", t, ("fixation", "", "feedback")[t % 3], p, "", "", "", t * 500, ""

    columns = "trial_type,trial_index,task,subject,response,rt,reward,time_elapsed,correct"
    return table(columns, row, trials=30)


def psychopy():
    def row(r, p, t):
        loops = (t, "") if t < 3 else ("", t - 3)
        return *loops, "fj"[coin(r)], 0.5, coin(r), p, "001", "2024.1.5"

    columns = "key_resp.keys,key_resp.rt,reward,participant,session,psychopyVersion"
    return table(f"practice.thisN,trials.thisN,{columns}", row) + b",,,,,0,001,2024.1.5\n"


def bids():
    def row(r, p, t):
        if t % 2:
            return t * 2.5, 1.0, "feedback", "n/a", "n/a", "n/a"
        return t * 2.5, 1.0, "choice", ("left", "right")[coin(r)], 0.7, coin(r)

    columns = "onset\tduration\ttrial_type\tresponse\tresponse_time\toutcome"
    return table(columns, row, people=1, trials=40, separator="\t")


def dezfouli():
    def row(r, p, t):
        run = 1 + t // 6
        return f"s_{p}", "ab"[coin(r)], 1 + (run > 3), t, coin(r), run, f"R{coin(r) + 1}", ("HC", "BD")[p % 2]

    return table("ID,key,block,time,reward,trial,choice,diag", row, people=4, trials=36)


def zorowitz():
    return table(
        "platform,subject,block,trial,correct,choice,key,rt,accuracy,outcome",
        lambda r, p, t: ("mturk", f"a{p}", 1 + t // 5, t % 5, 1, r.integers(3), 0, 0.3, coin(r), coin(r)),
        trials=15,
    )
