"""Nothing goes wrong: every frame arrives, in order, without a repair."""

import pytest

from tests.scenarios.call import call


@pytest.mark.parametrize("gso", [True, False])
@pytest.mark.parametrize("crypto", ["auto", "openssl"])
def test_every_frame_is_shown(gso: bool, crypto: str) -> None:
    with call(gso=gso, crypto=crypto) as run:
        ann, *others = (run.join(name) for name in ("ann", "bob", "cem"))
        film = run.film(ann)
        viewers = [run.watch(other, film)[1] for other in others]
        run.run(10)
        sent = ann.cameras[0].frame
        for viewer in viewers:
            assert viewer.shown == list(range(viewer.shown[0], viewer.shown[-1] + 1))
            assert sent - viewer.shown[-1] <= 2
            assert (viewer.asked, viewer.repaired, viewer.missing) == (0, 0, {})
