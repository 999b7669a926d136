"""Databases for tests: SQLite in a file each, and PostgreSQL where it is installed."""

import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

NOBODY = "nobody" if os.getuid() == 0 else None  # PostgreSQL refuses to run as root


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server without the name of a database."""
    programs = [shutil.which(each) for each in ("initdb", "postgres")]
    if not all(programs):
        pytest.skip("PostgreSQL is not installed")
    initdb, postgres = map(str, programs)
    folder = Path("/tmp") / f"fastsfu-postgresql-{os.getpid()}"  # nobody may not enter pytest's
    folder.mkdir()
    if NOBODY:
        shutil.chown(folder, NOBODY)
    data = str(folder / "data")
    subprocess.run(
        [initdb, "-D", data, "-U", "tester", "-A", "trust", "-N"],
        check=True, capture_output=True, user=NOBODY,
    )  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1", "-F"]
    server = subprocess.Popen(
        [postgres, "-D", data, *options], stderr=subprocess.PIPE, text=True, user=NOBODY
    )
    assert server.stderr is not None
    while "ready to accept connections" not in (line := server.stderr.readline()):
        assert line, "PostgreSQL has not started"
    try:
        yield f"postgresql://tester@127.0.0.1:{port}"
    finally:
        server.kill()
        server.communicate()
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database in which nothing is yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/calls.db"
    server: str = request.getfixturevalue("postgresql")
    name = f"calls_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{server}/{name}"
