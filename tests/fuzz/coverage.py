"""Coverage-guided fuzzing of the same targets: by libFuzzer, which Atheris brings.

`make fuzz` builds the native modules with its counters and AddressSanitizer, and runs a process for
each target, with FASTSFU_FUZZ_COVERAGE set. What leads to new code is kept in tests/fuzz/corpus, by
target, from where shorter runs begin, too; an input that breaks something comes to
build/guided/build/fuzz. standalone.py makes a program of one target.
"""

import os
from collections.abc import Callable, Sequence
from hashlib import sha1
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
CRASHES = Path("build/fuzz")
PYTHON = ["fastsfu.sdp", "fastsfu.transport", "fastsfu.http.protocol"]  # is guided, too
VARIABLE = "FASTSFU_FUZZ_COVERAGE"

Target = Callable[[bytes], object]
Runner = Callable[[str, Target, Sequence[bytes], int], None]  # name, target, corpus, largest input
runner: Runner | None = None  # what targets do in this process instead of a short run


def run(name: str, target: Target, corpus: Sequence[bytes], largest: int) -> None:
    """For FASTSFU_FUZZ_SECONDS; ends the process, with status 0 when all went well."""
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    CRASHES.mkdir(parents=True, exist_ok=True)
    for data in corpus:
        (folder / sha1(data).hexdigest()).write_bytes(data)
    seconds = os.environ.get("FASTSFU_FUZZ_SECONDS", "60")
    options = [f"-max_total_time={seconds}", f"-max_len={largest}", "-verbosity=0"]
    options += ["-print_final_stats=1", f"-artifact_prefix={CRASHES}/{name}-"]
    begin([name, *options, str(folder)], target)


def begin(arguments: Sequence[str], target: Target) -> None:
    """libFuzzer, with a command line of it; ends the process."""
    atheris.Setup(list(arguments), lambda data: target(data) and None)
    atheris.Fuzz()


def kept(name: str, largest: int) -> list[bytes]:
    """What earlier runs found, in an order that is the same everywhere."""
    files = sorted((CORPUS / name).glob("*"))
    return [data for each in files if len(data := each.read_bytes()) <= largest]


if (
    VARIABLE in os.environ
):  # as a plugin of pytest (`-p`), before all else: what is imported later counts, too
    import atheris

    atheris.instrument_imports(include=PYTHON).__enter__()
    runner = run
