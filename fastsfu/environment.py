"""Options from the environment: `FASTSFU_<NAME>`, and `FASTSFU_<NAME>_FILE` for a secret in a file.

A variable that names no option stops the start with the name that was probably meant: passed over
in silence it would leave the option at its default, which nobody notices before it matters.
"""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from fastsfu.errors import ConfigError

PREFIX = "fastsfu_"
FILE = "_file"
FLAGS = {"media_ip": "media_ips"}  # options whose flag on the command line has another name
COMMAND_LINE = {"config", "log_level", "log_format", "sandbox"}  # options of the command alone
BUILD_AND_TESTS = {"native", "faces", "debug", "benchmark_network"}
BUILD_AND_TESTS |= {"fuzz_seconds", "fuzz_seed", "fuzz_coverage"}


class Environment(EnvSettingsSource):
    """The source of options that pydantic-settings asks; raises ConfigError."""

    def __call__(self) -> dict[str, Any]:
        self.env_vars = resolve(self.env_vars, self.settings_cls.model_fields)
        return super().__call__()


def resolve(
    variables: Mapping[str, str | None], options: Mapping[str, FieldInfo]
) -> dict[str, str | None]:
    """The variables by their options' own names; names are in lower case, with the prefix.

    Raises ConfigError for one that is no option, for an option given twice, and for a file that
    cannot be read. It shows no value.
    """
    secrets = {name for name, field in options.items() if _holds_secret(field.annotation)}
    files = {f"{name}{FILE}": name for name in secrets}
    found: dict[str, str | None] = {}
    for variable, value in variables.items():
        name = variable.removeprefix(PREFIX)
        if name == variable or name in COMMAND_LINE | BUILD_AND_TESTS:
            continue
        option = files.get(name) or FLAGS.get(name, name)
        if option not in options:
            raise ConfigError(_unknown(name, [*options, *FLAGS, *files, *COMMAND_LINE]))
        if PREFIX + option in found:
            raise ConfigError(f"{_shown(option)} is given twice, the other time as {_shown(name)}")
        found[PREFIX + option] = _read(name, value) if name in files else value
    return found


def _holds_secret(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_holds_secret(field.annotation) for field in annotation.model_fields.values())
    return annotation is SecretStr or any(map(_holds_secret, get_args(annotation)))


def _read(name: str, path: str | None) -> str:
    """The text of a file without the end of its last line."""
    try:
        return Path(path or "").read_text().rstrip("\r\n")
    except OSError as error:
        raise ConfigError(f"{_shown(name)}: {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{_shown(name)}: {path} is no text file") from None


def _unknown(name: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {_shown(nearest[0])}?" if nearest else ""
    return f"{_shown(name)} is no option{meant}"


def _shown(name: str) -> str:
    return (PREFIX + name).upper()
