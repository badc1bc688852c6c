"""Sound, written and read by libsndfile."""

import io

import numpy as np
import pytest

from headrace.shards.stream.sources.decoders import audio

soundfile = pytest.importorskip("soundfile", reason="needs headrace[audio]")
WAVE = (np.sin(np.arange(4000) / 9)[:, None] * [0.5, -0.25]).astype(np.float32)


def encoded(form, samples=WAVE):
    stream = io.BytesIO()
    soundfile.write(stream, samples, 16_000, format=form)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_sound_comes_back(form):
    found = audio.decode_audio(encoded(form))
    assert found.rate == 16_000
    assert found.samples.dtype == np.float32
    assert np.allclose(found.samples, WAVE, atol=1e-4)
    assert audio.decode_audio(encoded(form, WAVE[:, 0])).samples.shape == (4000, 1)


def test_what_is_none_or_too_much_is_refused(monkeypatch):
    with pytest.raises(soundfile.LibsndfileError):
        audio.decode_audio(b"RIFF")
    monkeypatch.setattr(audio, "LIMIT", 4000 * 2 * 4 - 1)
    with pytest.raises(ValueError, match="unpacks to 32,000 bytes"):
        audio.decode_audio(encoded("FLAC"))
