"""docs/configuration.md, written from the options themselves."""

import sys
from typing import Any

from fastsfu.config import Config
from fastsfu.media_options import MediaOptions


def document() -> str:
    """The options as Markdown; docs/configuration.md is this."""
    rows = []
    fields = Config.model_fields.items()
    for name, field in sorted(fields, key=lambda each: each[0] in MediaOptions.model_fields):
        meaning = " ".join((field.description or "").split())
        default = None if field.default_factory else field.get_default()
        rows.append(f"| `{name}` | {_shown(default)} | {meaning} |")
    return "\n".join([_DOCUMENT, *rows, ""])


def _shown(default: Any) -> str:
    if default is None or default == []:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return ", ".join(default) if isinstance(default, list) else f"{default}"


_DOCUMENT = """# Options

Each option comes, in falling precedence, from the command line or an argument of `Config`, from the
environment as `FASTSFU_<NAME>` (lists separated by commas), from the TOML file of `--config`, or
from its default. A wrong or unknown one stops the server with a sentence that names it, and the
option that was probably meant.

A secret may stand in a file of its own, without its last line's end: `FASTSFU_SECRET_FILE` names
it, and so for each secret. The flags of the command line work as variables too:
`FASTSFU_MEDIA_IP`, `FASTSFU_CONFIG`, `FASTSFU_LOG_LEVEL`.

This page is written by `python -m fastsfu.config_document`.

| option | default | meaning |
| --- | --- | --- |"""

if __name__ == "__main__":
    sys.stdout.write(document())
