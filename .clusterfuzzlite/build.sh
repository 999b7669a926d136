#!/bin/bash -eu
# Makes a program of each fuzz target, as OSS-Fuzz and ClusterFuzzLite run them: $OUT/fuzz_NAME, and beside it what it begins with.
# SRC, OUT, WORK, CC, CFLAGS and compile_python_fuzzer are of the image (Dockerfile).

TARGETS="
codec dcep demux dtls-client dtls-server frames ice layers loss messages red rewrite rtcp rtp sctp sdp
srtcp-ipsec-mb-AEAD_AES_128_GCM srtcp-ipsec-mb-AEAD_AES_256_GCM srtcp-ipsec-mb-AES128_CM_SHA1_80
srtcp-openssl-AEAD_AES_128_GCM srtcp-openssl-AEAD_AES_256_GCM srtcp-openssl-AES128_CM_SHA1_80
srtp-ipsec-mb-AEAD_AES_128_GCM srtp-ipsec-mb-AEAD_AES_256_GCM srtp-ipsec-mb-AES128_CM_SHA1_80
srtp-openssl-AEAD_AES_128_GCM srtp-openssl-AEAD_AES_256_GCM srtp-openssl-AES128_CM_SHA1_80
stun turn twcc twcc_read vp8_numbers
"

cd "$SRC/fastsfu"
FASTSFU_NATIVE=0 pip3 install 'cython>=3.1' 'setuptools>=77' '.[test]'
LDSHARED="$CC -shared" CFLAGS="$CFLAGS -Wno-error" FASTSFU_FACES=1 python3 setup.py -q build_ext --inplace -j"$(nproc)"
LD_PRELOAD=$(python3 -c 'import atheris, pathlib; print(pathlib.Path(atheris.path(), "asan_with_fuzzer.so"))') \
    ASAN_OPTIONS=detect_leaks=0 python3 -m tests.fuzz.targets "$WORK/seeds"
for target in $TARGETS; do
    cp tests/fuzz/standalone.py "fuzz_$target.py"
    compile_python_fuzzer "fuzz_$target.py" --paths . --collect-submodules tests.fuzz --collect-submodules tests.native.faces \
        --collect-submodules fastsfu --add-data tests/vectors:tests/vectors
    zip -qj "$OUT/fuzz_${target}_seed_corpus.zip" "$WORK/seeds/$target"/*
done
