"""What the site of the documentation has besides docs/: README.md as its first page, and the files
that pages lead to (mkdocs.yml names this as its hooks).
"""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = re.compile(r"\]\((?:\.\./)((?!docs/)[\w./-]+)(?=[)#])")  # from a page of docs/
OF_ROOT = re.compile(r"\]\((?!https?:|#|docs/|\.\./)([\w./-]+)(?=[)#])")  # from a page beside docs/


def on_files(files: Files, *, config: Any) -> Files:
    """Adds them."""
    readme = (ROOT / "README.md").read_text()
    files.append(File.generated(config, "index.md", content=readme))
    wanted = set(OF_ROOT.findall(readme))
    for page in (ROOT / "docs").glob("*.md"):
        wanted.update(OUTSIDE.findall(page.read_text()))
    for path in sorted(wanted):
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Leads to them within the site, where what is in docs/ is at the top."""
    return OUTSIDE.sub(r"](\1", re.sub(r"\]\(((?:\.\./)*)docs/", r"](\1", markdown))
