"""The fast path: page to be written."""

from .check import check, prepare

__all__ = ["check", "prepare"]
