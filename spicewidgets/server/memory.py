"""Memory that was freed goes back to the system: what each of a hundred processes keeps is kept 100 times."""

import ctypes
import sys
import time

TRIM_EVERY = 10  # seconds between two looks at whether there may be something to give back
WORK = 0.5  # seconds of processor after which there may be


class Trimmer:
    """Gives back what C's library keeps of memory that was freed: 5 MB for each page that a server has shown,
    4 MB in a kernel that has trained.

    GNU's library can do so (`malloc_trim`), on Linux; elsewhere nothing is done.
    """

    def __init__(self) -> None:
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
        self._worked = 0.0

    def after_work(self) -> None:
        """Give it back, if this process has worked since the last time."""
        if self._trim is not None and time.process_time() - self._worked > WORK:
            self._trim(0)
            self._worked = time.process_time()
