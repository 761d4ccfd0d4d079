"""Lets the README's links lead to the repository where it is shown elsewhere, as on PyPI."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r'(\]\(|src=")(?!https?:|#)')


class ReadmeHook(MetadataHookInterface):
    """Makes the long description."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Put the README in, its links with the address of this version."""

        def lead(start: re.Match[str]) -> str:
            kind = "raw" if start[0].startswith("src") else "blob"
            return f"{start[0]}{metadata['urls']['Source']}/{kind}/v{metadata['version']}/"

        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": LINK.sub(lead, text)}
