"""What goes out with a wheel: its bill of materials (CycloneDX), and the notices of third parties.

    python scripts/release.py PYTHON FOLDER

PYTHON has what requirements.lock pins, and nothing else. The libraries that the native modules use
come from Debian, which has their licences.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NATIVE = ("libssl.so.3", "libIPSec_MB.so.1", "libusrsctp.so.2")
NOT_OURS = ("fastsfu", "pip", "setuptools")  # what every virtual environment begins with
SAYS_LICENCE = re.compile(r"(LICEN[CS]E|COPYING|NOTICE|AUTHORS)", re.IGNORECASE)
RULE = "-" * 79


def main() -> None:
    """Write sbom.json and THIRD-PARTY-NOTICES.txt."""
    python, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    sbom = materials(python)
    native = [debian_package(library) for library in NATIVE]
    for name, version in native:
        sbom["components"].append(component(name, version))
    (folder / "sbom.json").write_text(json.dumps(sbom, indent=2) + "\n")
    texts = dict(python_notices(python))
    texts |= {f"{name} {version}": copyright_of(name) for name, version in native}
    parts = [f"{title}\n\n{text.strip()}\n" for title, text in sorted(texts.items(), key=by_title)]
    (folder / "THIRD-PARTY-NOTICES.txt").write_text(f"\n{RULE}\n\n".join(parts))


def by_title(notice: tuple[str, str]) -> str:
    return notice[0].lower()


def materials(python: str) -> dict[str, Any]:
    """The Python packages as cyclonedx-py finds them there."""
    command = ["cyclonedx-py", "environment", "--pyproject", "pyproject.toml"]
    command += ["--output-reproducible", python]
    sbom: dict[str, Any] = json.loads(output(*command))
    sbom["components"] = [each for each in sbom["components"] if each["name"] not in NOT_OURS]
    kept = {each["bom-ref"] for each in [*sbom["components"], sbom["metadata"]["component"]]}
    sbom["dependencies"] = [each for each in sbom["dependencies"] if each["ref"] in kept]
    return sbom


def python_notices(python: str) -> Iterator[tuple[str, str]]:
    """(name and version, all files of the package about its licence). SystemExit without one."""
    site = output(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    for package in metadata.distributions(path=[site]):
        if package.name not in NOT_OURS:
            files = [each for each in package.files or () if SAYS_LICENCE.match(each.name)]
            texts = [each.read_text() for each in files if ".dist-info" in str(each.parent)]
            if not texts:
                raise SystemExit(f"{package.name} says nowhere how it is licensed.")
            yield f"{package.name} {package.version}", "\n\n".join(texts)


def debian_package(library: str) -> tuple[str, str]:
    """The name and version of the one that has this library."""
    name = output("dpkg-query", "--search", f"*/{library}").partition(":")[0]
    return name, output("dpkg-query", "--show", "--showformat=${Version}", name)


def copyright_of(package: str) -> str:
    return Path(f"/usr/share/doc/{package}/copyright").read_text()


def component(name: str, version: str) -> dict[str, Any]:
    """Of CycloneDX."""
    purl = f"pkg:deb/debian/{name}@{version}"
    return {"bom-ref": purl, "type": "library", "name": name, "version": version, "purl": purl}


def output(*command: str) -> str:
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return found.stdout.strip()


if __name__ == "__main__":
    main()
