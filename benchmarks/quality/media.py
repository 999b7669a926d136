"""What the fake camera and microphone of Chromium give: a moving picture and something like speech.

Both are files under `build/quality`, made once, and play in a loop without a seam.
"""

import wave
from pathlib import Path
from typing import Any

import numpy

from benchmarks.quality.link import BUILD

FRAMES_PER_SECOND = 30
PICTURE_SECONDS = 6
SAMPLES_PER_SECOND = 48_000
SPEECH_SECONDS = 12
ASPECT = 16 / 9

Samples = numpy.ndarray[Any, numpy.dtype[Any]]


def chromium_arguments(height: int) -> list[str]:
    """For a browser whose camera gives pictures of so many lines."""
    return [
        f"--use-file-for-fake-video-capture={picture(height)}",
        f"--use-file-for-fake-audio-capture={speech()}",
    ]


def picture(height: int) -> Path:
    """YUV4MPEG2, 30 frames a second."""
    made = BUILD / f"picture-{height}.y4m"
    if not made.exists():
        _write(made, _film(height))
    return made


def speech() -> Path:
    """WAV, 48 kHz, one channel."""
    made = BUILD / "speech.wav"
    if not made.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        with wave.open(str(made), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLES_PER_SECOND)
            file.writeframes((_voice() * 32767).astype("<i2").tobytes())
    return made


def _write(made: Path, content: bytes) -> None:
    made.parent.mkdir(parents=True, exist_ok=True)
    unfinished = made.with_suffix(".unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(made)


def _film(height: int) -> bytes:
    """A camera that sways before a rich background, and two figures that move."""
    width = round(height * ASPECT / 2) * 2
    random = numpy.random.default_rng(1)
    background = _texture(random, 2 * height, 2 * width)
    figures = [(_texture(random, height, width) + 40, radius) for radius in (0.28, 0.18)]
    count = PICTURE_SECONDS * FRAMES_PER_SECOND
    parts = [f"YUV4MPEG2 W{width} H{height} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420jpeg\n".encode()]
    for number in range(count):
        turn = 2 * numpy.pi * number / count
        luma = _window(background, turn, height, width).copy()
        for order, (figure, radius) in enumerate(figures, 1):
            _draw(luma, figure, radius * height, turn * order, order)
        parts += [b"FRAME\n", _bytes(luma), *_colours(luma)]
    return b"".join(parts)


def _texture(random: numpy.random.Generator, height: int, width: int) -> Samples:
    """As a camera sees: the power falls with the third power of the spatial frequency."""
    noise = numpy.fft.rfft2(random.standard_normal((height, width)))
    rows = numpy.fft.fftfreq(height)[:, None] * height
    columns = numpy.fft.rfftfreq(width)[None, :] * height
    fall = numpy.maximum(1.0, numpy.hypot(rows, columns)) ** 1.5
    shaped = numpy.fft.irfft2(noise / fall, (height, width))
    texture: Samples = 120 + 45 * shaped / shaped.std()
    return texture


def _window(background: Samples, turn: float, height: int, width: int) -> Samples:
    down = round(height * (0.5 + 0.12 * numpy.sin(2 * turn)))
    right = round(width * (0.5 + 0.25 * numpy.sin(turn)))
    return background[down : down + height, right : right + width]


def _draw(luma: Samples, figure: Samples, radius: float, turn: float, order: int) -> None:
    height, width = luma.shape
    y = height * (0.55 + 0.2 * numpy.sin(3 * turn + order))
    x = width * (0.5 + 0.3 * numpy.cos(turn + order))
    rows, columns = numpy.ogrid[:height, :width]
    inside = (rows - y) ** 2 / 1.7 + (columns - x) ** 2 < radius**2
    luma[inside] = numpy.roll(figure, (round(y), round(x)), (0, 1))[inside]


def _colours(luma: Samples) -> list[bytes]:
    """Both planes follow the brightness, so that they move with it."""
    half = luma[::2, ::2]
    return [_bytes(128 + 0.25 * (half - 120)), _bytes(128 - 0.2 * (half - 120))]


def _bytes(plane: Samples) -> bytes:
    return numpy.clip(plane, 16, 235).astype("u1").tobytes()


def _voice() -> Samples:
    """Syllables, four a second, of harmonics under two formants, with a breath now and then."""
    time = numpy.arange(SPEECH_SECONDS * SAMPLES_PER_SECOND) / SAMPLES_PER_SECOND
    random = numpy.random.default_rng(2)
    syllables = numpy.minimum(time * 4, SPEECH_SECONDS * 4 - 1).astype(int)
    pitch = 120 + 15 * random.standard_normal(SPEECH_SECONDS * 4)[syllables]
    phase = 2 * numpy.pi * numpy.cumsum(pitch) / SAMPLES_PER_SECOND
    formants = random.uniform((300, 900), (800, 2400), (SPEECH_SECONDS * 4, 2))[syllables]
    voice = numpy.zeros_like(time)
    for harmonic in range(1, 25):
        frequency = harmonic * pitch
        loud = sum(numpy.exp(-(((frequency - one) / 150) ** 2)) for one in formants.T)
        voice += (0.05 + loud) / harmonic**0.5 * numpy.sin(harmonic * phase)
    envelope = numpy.sin(numpy.pi * (time * 4 % 1)) ** 0.7
    breaths = numpy.where(syllables % 12 == 11, 0.02, 1.0)
    voice *= envelope * breaths
    hiss = 0.004 * random.standard_normal(len(time))
    spoken: Samples = 0.5 * voice / numpy.abs(voice).max() + hiss
    return spoken
