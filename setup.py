"""Build the native modules: `_native/LAYER/NAME.pyx` becomes `fastsfu._native.LAYER.NAME`.

Cython finds a `cimport`ed .pxd by its package folder, so the build lays a symlink
`build/cython/fastsfu/_native -> _native` and looks there. Environment:
  FASTSFU_DEBUG=1    bounds checks, asserts, -O1 -g, -fsanitize=address,undefined
  FASTSFU_FACES=1    also `tests/native/faces/*.pyx` and `benchmarks/load/*.pyx`: Python faces of
                     native verbs for the tests and the load generator, never part of a wheel
  FASTSFU_NATIVE=0   nothing native: an editable install whose modules are then built in place
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

ROOT = Path(__file__).resolve().parent
os.chdir(ROOT)
DEBUG = os.environ.get("FASTSFU_DEBUG") == "1"
FACES = os.environ.get("FASTSFU_FACES") == "1"
NATIVE = os.environ.get("FASTSFU_NATIVE") != "0"
WARNINGS = [
    *("-Wall", "-Wextra", "-Werror"),
    # What Cython's own boilerplate trips over: unused parameters, partial initialisers.
    *("-Wno-unused-parameter", "-Wno-unused-function", "-Wno-missing-field-initializers"),
    *("-Wno-cast-function-type", "-Wno-sign-compare"),
]
SANITIZE = ["-fsanitize=address,undefined", "-fno-omit-frame-pointer"]
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "legacy_implicit_noexcept": False,
    "freethreading_compatible": True,
}


def extension(name: str, source: Path) -> Extension:
    """One module; every one may call OpenSSL, and the one that holds SCTP usrsctp."""
    return Extension(
        name,
        [str(source)],
        libraries=["ssl", "crypto", *(["usrsctp"] if source.stem == "sctp" else [])],
        extra_compile_args=[*WARNINGS, *(["-O1", "-g", *SANITIZE] if DEBUG else ["-O3", "-g1"])],
        extra_link_args=SANITIZE if DEBUG else [],
        define_macros=[] if DEBUG else [("CYTHON_WITHOUT_ASSERTIONS", "1")],
    )


def extensions() -> list[Extension]:
    """The shipped modules, and with FASTSFU_FACES=1 the test faces."""
    found = [
        extension(f"fastsfu._native.{source.parent.name}.{source.stem}", source)
        for source in sorted(Path("_native").glob("*/*.pyx"))
    ]
    for folder in ("tests/native/faces", "benchmarks/load") if FACES else ():
        package = folder.replace("/", ".")
        found += [
            extension(f"{package}.{source.stem}", source)
            for source in sorted(Path(folder).glob("*.pyx"))
        ]
    return found


def link_sources() -> None:
    """Lay the symlink that lets Cython resolve `cimport fastsfu._native...`."""
    link = Path("build/cython/fastsfu/_native")
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.resolve() != ROOT / "_native":  # also when the tree was moved or copied
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT / "_native", target_is_directory=True)


def forget_moved() -> None:
    """Remove what an earlier build left in place of sources that stand elsewhere now."""
    for built in Path("fastsfu/_native").glob("*/*.so"):
        if not Path("_native", built.parent.name, built.name.split(".")[0] + ".pyx").is_file():
            built.unlink()


link_sources()
forget_moved()
setup(
    ext_modules=cythonize(
        extensions() if NATIVE else [],
        include_path=["build/cython"],
        build_dir="build/c-debug" if DEBUG else "build/c",
        compiler_directives=DIRECTIVES,
        quiet=True,
        nthreads=os.cpu_count() or 1,
    )
)
