"""A learner who floods the server with messages slows only himself."""

import statistics
import threading
import time

import psutil
import pytest
import servers
from learner import Learner

SECONDS = 12  # of the flood
RATE = 1000  # messages that are sent each second, as far as they are taken


def moves(person, count=14):  # even, so that the next move is one, too
    """Seconds from a slider's move to the picture."""
    times = []
    for number in range(count):
        before, value = person.redrawn, 0.2 + 0.5 * (number % 2)
        person.set("FloatSlider", "Learning rate", value)
        times.append(person.until(lambda before=before: person.redrawn > before, "nothing was drawn anew"))
        person.wait_for_answer()
    return times


def flood(person, ended):
    """Move a slider a thousand times a second, and read nothing."""
    person.socket.settimeout(1)
    number = 0
    while not ended.is_set():
        try:
            person.set("FloatSlider", "Learning rate", 0.1 + 0.8 * (number % 9) / 9)
        except Exception:  # it is full, as the server takes no more for now
            continue
        number += 1
        time.sleep(1 / RATE)


@pytest.mark.slow
def test_a_learner_who_floods_slows_only_himself(tmp_path):
    with servers.app(tmp_path, "--public", "--most", "4", "--pool", "2") as url:
        time.sleep(8)
        people = [Learner(60), Learner(60)]
        for person in people:
            person.open(url)
            person.stage("Participant", "Learning rate")
        calm = moves(people[0])
        (server,) = [each for each in psutil.Process().children() if "--public" in each.cmdline()]
        memory = server.memory_info().rss
        ended = threading.Event()
        thread = threading.Thread(target=flood, args=(people[1], ended))
        thread.start()
        try:
            time.sleep(2)
            flooded = moves(people[0])
            time.sleep(SECONDS - 2)
        finally:
            ended.set()
            thread.join()
        grown = server.memory_info().rss - memory
        found = [f"{statistics.median(each):.3f} ({max(each):.3f})" for each in (calm, flooded)]
        print(f"calm {found[0]} s, flooded {found[1]} s, the server has grown by {grown / 1e6:.0f} MB")
        assert statistics.median(flooded) < max(0.5, 5 * statistics.median(calm))
        assert grown < 150e6
        people[0].leave()
