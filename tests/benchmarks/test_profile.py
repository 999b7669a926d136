"""What a profile's samples are taken for."""

import pytest

from benchmarks.profile import OTHER, RULES, classify, stacks

SCRIPT = """\
        ffffffff81 skb_segment+0x10 ([kernel.kallsyms])
        ffffffff82 udp_queue_rcv_skb+0x1 ([kernel.kallsyms])
        ffffffff83 process_backlog+0x1 ([kernel.kallsyms])
            7f0001 __sendmmsg+0x1 (/usr/lib/x86_64-linux-gnu/libc.so.6)

            7f0002 aes_gcm_enc_128_vaes_avx512+0x1 (/usr/lib/libIPSec_MB.so.1.3.0)
            7f0003 [unknown] ([unknown])
"""


def test_samples_are_read() -> None:
    first, second = stacks(SCRIPT.splitlines())
    assert first[0] == ("skb_segment", "[kernel.kallsyms]")
    assert first[-1] == ("__sendmmsg", "/usr/lib/x86_64-linux-gnu/libc.so.6")
    assert len(second) == 2


@pytest.mark.parametrize(
    ("functions", "file", "name"),
    [
        (["skb_segment", "process_backlog"], "[kernel.kallsyms]", RULES[0].name),
        (["udp_queue_rcv_skb", "process_backlog"], "[kernel.kallsyms]", RULES[1].name),
        (["kmalloc", "udp_sendmsg", "__sys_sendmmsg"], "[kernel.kallsyms]", RULES[2].name),
        (["__sendmmsg"], "/lib/x86_64-linux-gnu/libc.so.6", RULES[2].name),
        (["udp_recvmsg"], "[kernel.kallsyms]", RULES[3].name),
        (["finish_task_switch.isra.0", "__schedule"], "[kernel.kallsyms]", RULES[4].name),
        (["anything"], "/usr/lib/libIPSec_MB.so.1", RULES[5].name),
        (["anything"], "/x/fastsfu/_native/crypto/srtp.cpython-311.so", RULES[5].name),
        (["anything"], "/x/fastsfu/_native/forwarding/forward.cpython-311.so", RULES[6].name),
        (["_PyEval_EvalFrameDefault"], "/usr/bin/python3.11", RULES[7].name),
        (["send"], "/somewhere/else", OTHER),
    ],
)
def test_a_sample_has_one_name(functions: list[str], file: str, name: str) -> None:
    assert classify([(function, file) for function in functions]) == name
