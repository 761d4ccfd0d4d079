"""Throws damaged and invented files, settings, addresses and messages at what reads them; writes RESULTS.md.

    python tests/benchmarks/fuzz.py [--inputs 1000000] [--seed 1] [--only NAME] [--minutes 60]
        [--no-write]

Each reader takes what it is given or refuses it in a sentence, within a second of processor and a gigabyte of
memory. Inputs are sound ones of which bytes are changed, cut out, doubled or put in, and JSON of which parts
are changed; equations and weights are then given a right checksum, so that more than that is read. Lessons
are also drawn from all that a lesson may be, so that most are taken and opened (`sound_lessons.py`). What is
wrong is kept as a file. A short part runs in `test_fuzz.py`, where hypothesis makes JSON, too.
"""

import base64
import json
import os
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # else the first table reserves all of the gigabyte
from report import Table, benchmark_parser, publish
from sound_lessons import LessonReader, invent_lesson

from spicewidgets import (
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    RescorlaWagnerRNN,
    SpiceEstimator,
    create_dataset,
    read_choices,
)
from spicewidgets.core import files, storage
from spicewidgets.core.files import StorageError
from spicewidgets.core.settings import SettingsError
from spicewidgets.server.frames import FrameError, check_frame
from spicewidgets.state.experiment import Experiment
from spicewidgets.state.lesson import lesson_now, lesson_of
from spicewidgets.state.link import open_link, to_link

HEADING = "Damaged and invented inputs"
SECONDS = 1.0  # of processor for one input
MEMORY = 2**30  # bytes beyond what the process has before
LONGEST = 2000  # letters of a sentence
TEXTS = [
    "",
    "a",
    "\0",
    "é" * 300,
    "x" * 30_000,
    "<script>",
    "../../etc/passwd",
    "NaN",
    "[" * 2000,
    "-1",
    "1e999",
]
VALUES = [None, True, False, 0, -1, 2, 10**30, 0.5, -1e308, float("nan"), float("inf"), [], {}, [[]], *TEXTS]
BYTES = [
    b"\0",
    b"\xff" * 8,
    b"[" * 3000,
    b'"',
    b"{}",
    b",",
    b"\n",
    b"1e999",
    b"9" * 5000,
    b"\xef\xbb\xbf",
    b"null",
]


class TooLong(BaseException):
    """An input took more than its second; no reader catches this."""


class Target(NamedTuple):
    """What reads inputs: its name, sound inputs, how one is read, and how one is spoilt."""

    name: str
    sound: list[Any]
    read: Callable[[Any], object]
    spoil: Callable[[random.Random, list[Any]], Any]
    share: float  # of all inputs


class Outcome(NamedTuple):
    """What came of a target's inputs: how many, how many were taken, the slowest, and what went wrong."""

    inputs: int
    taken: int
    slowest: float
    wrong: list[tuple[str, bytes]]


def spoil_bytes(rng: random.Random, sound: list[bytes]) -> bytes:
    """Some bytes of a sound input are others, gone, there twice, or those of another."""
    content = bytearray(rng.choice(sound))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(content) + 1)
        end = min(len(content), at + int(rng.expovariate(1 / 20)))
        kind = rng.randrange(6)
        if kind == 0 and at < len(content):
            content[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            content[at:end] = rng.randbytes(rng.randrange(1, 9))
        elif kind == 2:
            del content[at:end]
        elif kind == 3:
            content[at:at] = content[at:end] * rng.choice((1, 2, 50))
        elif kind == 4:
            other = rng.choice(sound)
            content[at:] = other[rng.randrange(len(other)) :]
        else:
            content[at:end] = rng.choice(BYTES)
    return bytes(content)


def spoil_json(rng: random.Random, sound: list[bytes]) -> Any:
    """Some parts of JSON are of another kind, gone, there twice, or under another name."""
    data = json.loads(rng.choice(sound))
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = _spoil_part(rng, data)
    return data


def _spoil_part(rng: random.Random, data: Any) -> Any:
    if isinstance(data, dict | list) and data and rng.random() < 0.85:
        keys = list(data) if isinstance(data, dict) else range(len(data))
        key = rng.choice(keys)
        kind = rng.randrange(8)
        if kind == 0:
            del data[key]
        elif kind == 1 and isinstance(data, dict):
            data[rng.choice(TEXTS)] = data[key]
        elif kind == 1:
            data.extend([data[key]] * rng.choice((1, 5, 500)))
        else:
            data[key] = _spoil_part(rng, data[key])
        return data
    if isinstance(data, int | float) and rng.random() < 0.5:
        return data * rng.choice((-1, 0, 2, 1e9, 10**20))
    value = rng.choice(VALUES)
    return json.loads(json.dumps(value))


def either(rng: random.Random, sound: list[bytes]) -> bytes:
    """JSON of which bytes or parts are spoilt."""
    if rng.random() < 0.5:
        return spoil_bytes(rng, sound)
    return json.dumps(spoil_json(rng, sound)).encode()


def equations(rng: random.Random, sound: list[bytes]) -> bytes:
    """The same, mostly with a right checksum."""
    if rng.random() < 0.3:
        return spoil_bytes(rng, sound)
    data = spoil_json(rng, sound)
    if isinstance(data, dict):
        data.pop("sha256", None)
        try:
            data["sha256"] = files.checksum_of(data)
        except ValueError:  # of what is no number
            data["sha256"] = "0"
    return json.dumps(data).encode()


def weights(rng: random.Random, sound: list[bytes]) -> bytes:
    """A file of weights of which bytes are spoilt, or parts of the header, whose length is then right."""
    if rng.random() < 0.4:
        return spoil_bytes(rng, sound)
    content = rng.choice(sound)
    (size,) = struct.unpack("<Q", content[:8])
    header = json.dumps(spoil_json(rng, [content[8 : 8 + size]])).encode()
    return struct.pack("<Q", len(header)) + header + content[8 + size :]


def addresses(rng: random.Random, sound: list[bytes]) -> bytes:
    """The settings in an address of which bytes are spoilt, or parts of what they unpack to."""
    if rng.random() < 0.5:
        return spoil_bytes(rng, sound)
    content = rng.choice(sound)
    packed = zlib.decompress(base64.urlsafe_b64decode(content + b"=" * (-len(content) % 4)))
    spoilt = json.dumps(spoil_json(rng, [packed])).encode()
    return base64.urlsafe_b64encode(zlib.compress(spoilt)).rstrip(b"=")


def targets(folder: Path) -> list[Target]:
    """All that reads what comes from outside."""
    options = {"epochs": 8, "n_starts": 1, "n_trials_off_policy": 60, "random_state": 0}
    fitted = SpiceEstimator(RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG, **options)
    fitted.fit(create_dataset(AgentQ(), BanditsDrift(0.2), 15, 6, random_state=1)[0])
    fitted.save_spice(folder / "rnn", folder / "spice")
    saved = [(folder / name).read_bytes() for name in ("rnn", "spice")]
    path = folder / "input"

    def by_file(read: Callable[[Path], object]) -> Callable[[bytes], object]:
        def take(content: bytes) -> object:
            path.write_bytes(content)
            return read(path)

        return take

    other = Experiment()
    other.task.sigma, other.participant.alpha_reward = 0.35, 0.7
    settings = [json.dumps(each.to_dict()).encode() for each in (Experiment(), other)]
    lesson = lesson_now(other, title="A title", text="Some words.", hidden=("task.sigma",)).to_dict()
    shown = Experiment()
    return [
        Target("equations", [saved[1]], by_file(storage.read_spice_model), equations, 0.125),
        Target("weights", [saved[0]], by_file(storage.read_rnn), weights, 0.125),
        Target("tables", tables(), lambda content: read_choices(content), spoil_bytes, 0.005),
        Target("lessons", [json.dumps(lesson).encode()], lambda c: lesson_of(c, shown), either, 0.025),
        Target("settings", settings, lambda data: Experiment().from_dict(data), spoil_json, 0.02),
        Target("addresses", [to_link(other).encode()], lambda c: link(c), addresses, 0.05),
        Target("messages", messages(), check_frame, spoil_bytes, 0.55),
        Target(
            "lessons, invented", [], LessonReader().read, lambda rng, _: invent_lesson(rng, spoil_json), 0.1
        ),
    ]


def link(content: bytes) -> None:
    """Read an address."""
    open_link(Experiment(), content.decode("latin-1"))


def tables() -> list[bytes]:
    """Tables of several layouts."""
    rng = random.Random(0)
    rows = [(p, t, rng.randrange(2), rng.randrange(2)) for p in "ab" for t in range(12)]
    plain = "subject,trial,choice,reward\n" + "".join(f"{p},{t},{c},{r}\n" for p, t, c, r in rows)
    semicolons = plain.replace(",", ";").replace("choice", "response")
    records = [dict(zip(("id", "trial", "choice", "outcome"), row, strict=True)) for row in rows]
    steps = [(p, t, c, 2 * c + r, c, r) for p, t, c, r in rows]
    names = "subject,trial,first_choice,second_choice,second_state,reward\n"
    two_step = names + "".join(",".join(map(str, row)) + "\n" for row in steps)
    of_stage = [f"{p},1,{c},,\n{p},2,{r},{s},{r}\n" for p, _, c, _, s, r in steps]
    return [
        two_step.encode(),
        ("subject,stage,choice,state,reward\n" + "".join(of_stage)).encode(),
        plain.encode(),
        semicolons.encode(),
        plain.replace(",", "\t").encode(),
        json.dumps(records).encode(),
    ]


def messages() -> list[bytes]:
    """Messages of a page."""
    from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1

    header = {"msg_id": "1", "msg_type": "comm_msg", "session": "s", "username": "", "version": "5.2"}
    content = {"comm_id": "c", "data": {"method": "update", "state": {"value": 0.3}}}
    parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
    return [serialize_msg_to_ws_v1([*parts, *buffers], "shell") for buffers in ([], [b"\1" * 90])]


@contextmanager
def bounded() -> Iterator[None]:
    """Let one input take its second of processor, and this process a gigabyte more."""
    now = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmData" in line)
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (1024 * int(now.split()[1]) + MEMORY, before[1]))

    def stop(*_: object) -> None:
        raise TooLong

    old = signal.signal(signal.SIGPROF, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, old)
        resource.setrlimit(resource.RLIMIT_DATA, before)


def trial(target: Target, value: Any) -> tuple[bool, str]:
    """Whether an input is taken, and what is wrong with the answer."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        target.read(value)
        return True, ""
    except (StorageError, SettingsError, FrameError) as error:
        return False, sentence(error)
    except BaseException as error:
        return False, f"{type(error).__name__}: {error}"[:300]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def sentence(error: Exception) -> str:
    """What is wrong with a refusal."""
    for text in getattr(error, "problems", [str(error)]):
        ends = isinstance(error, FrameError) or text.rstrip().endswith((".", "?"))
        if not text.strip() or not ends or len(text) > LONGEST:
            return f"no sentence: {text[:300]!r}"
    return ""


def run(target: Target, inputs: int, seed: int, until: float = float("inf")) -> Outcome:
    """Try so many inputs, or fewer until a time in seconds."""
    rng = random.Random(f"{target.name} {seed}")
    tried, taken, slowest, wrong = 0, 0, 0.0, []
    with bounded():
        while tried < inputs and time.monotonic() < until:
            tried += 1
            value = target.spoil(rng, target.sound)
            begun = time.process_time()
            was_taken, problem = trial(target, value)
            slowest = max(slowest, time.process_time() - begun)
            taken += was_taken
            if problem:
                content = value if isinstance(value, bytes) else json.dumps(value).encode()
                wrong.append((problem, content))
                if len(wrong) > 20:
                    break
    return Outcome(tried, taken, slowest, wrong)


def main() -> None:
    """Try, print, and write."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="name of a target")
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="after which nothing more is tried"
    )
    chosen = parser.parse_args()
    rows, total, begun = [], 0, time.process_time()
    until = time.monotonic() + 60 * chosen.minutes
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        for target in targets(Path(folder)):
            if chosen.only not in (None, target.name):
                continue
            outcome = run(target, int(chosen.inputs * target.share), chosen.seed, until)
            total += outcome.inputs
            refused = outcome.inputs - outcome.taken - len(outcome.wrong)
            counts = [f"{each:,}" for each in (outcome.inputs, outcome.taken, refused)]
            rows.append([target.name, *counts, f"{outcome.slowest:.2f}", str(len(outcome.wrong))])
            print(*rows[-1], flush=True)
            for at, (problem, content) in enumerate(outcome.wrong):
                kept = Path(tempfile.gettempdir()) / f"fuzz-{target.name}-{at}"
                kept.write_bytes(content)
                print("  ", kept, problem, file=sys.stderr, flush=True)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    head = ["read as", "inputs", "taken", "refused in a sentence", "slowest, s", "wrong"]
    words = (
        f"{total:,} inputs, seed {chosen.seed}: {time.process_time() - begun:.0f} s of processor, at most"
        f" {most:.2f} GB. Load {os.getloadavg()[0]:.1f}."
    )
    heading = HEADING if chosen.only is None else f"{HEADING}: {chosen.only}"
    publish(heading, Table(head, rows), words, write=not chosen.no_write)


if __name__ == "__main__":
    main()
