"""Make a wheel that brings its libraries: usrsctp and OpenSSL, which the modules are linked with,
and IPsec-MB, which they load at run time where the machine has it.

    python scripts/wheel.py WHEEL FOLDER

auditwheel copies what is linked into `fastsfu.libs` and has the modules look there, also for what
they load by name.
"""

import shutil
import subprocess
import sys
import tempfile
from ctypes.util import find_library
from pathlib import Path

LOADED = "IPSec_MB"


def main() -> None:
    """Into FOLDER, the only wheel there."""
    wheel, folder = Path(sys.argv[1]), Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        run("auditwheel", "repair", "--wheel-dir", work, str(wheel))
        (repaired,) = Path(work).glob("*.whl")
        run("wheel", "unpack", "--dest", f"{work}/content", str(repaired))
        (content,) = Path(work, "content").iterdir()
        library = loaded_library()
        if library is not None:
            shutil.copy(library, content / "fastsfu.libs" / library.name)
        run("wheel", "pack", "--dest-dir", str(folder), str(content))


def loaded_library() -> Path | None:
    """Where this machine has it; None: it has not, as on other processors than x86-64."""
    name = find_library(LOADED)
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    for line in listed.stdout.splitlines():
        if name is not None and line.split()[:1] == [name]:
            return Path(line.split()[-1])
    return None


def run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
