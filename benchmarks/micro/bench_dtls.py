"""crypto/dtls: a whole handshake of both ends (so a server's share is about half), with keys."""

from pytest_benchmark.fixture import BenchmarkFixture

from tests.native.crypto.dtls_peers import associations, shake


def test_handshake_of_both_ends(benchmark: BenchmarkFixture) -> None:
    def handshake() -> tuple[object, object]:
        client, server = associations()
        shake(client, server)
        return client.keys(), server.keys()

    client_keys, server_keys = benchmark(handshake)
    assert client_keys is not None
    assert server_keys is not None
