"""The folder of what a command has found: its files are all new, or all as they were."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..core.files import SAVING, StorageError, clear_drafts
from ..core.settings import SettingsError


@contextmanager
def write_folder(out: Path) -> Iterator[Path]:
    """Return a folder to write into, whose files then take the place of those of the same names in another.

    Whoever is killed meanwhile, or has no room left, still has the files of an earlier run.

    Args:
        out: the other folder, which exists.

    Yields:
        The folder to write into.

    Raises:
        SettingsError: where a file cannot be written.
    """
    draft = str(out)
    try:
        clear_drafts(out)
        with TemporaryDirectory(prefix=SAVING, dir=out) as draft:
            yield Path(draft)
            for path in [path for path in Path(draft).rglob("*") if path.is_file()]:
                target = out / path.relative_to(draft)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, target)
    except (SettingsError, StorageError) as error:
        raise SettingsError([str(error).replace(draft, str(out))]) from None
    except OSError as error:
        where = str(error.filename2 or error.filename or out).replace(draft, str(out))
        raise SettingsError(
            [f"{where!r} cannot be written ({error.strerror}). Choose another folder with --out."]
        ) from None
