/** How loud the microphone is, for the bar below the preview. */

export class LevelMeter {
  #bar;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #frame = 0;
  #shown = 0;

  /** @param {HTMLElement} bar gets `--level` from 0 to 1 */
  constructor(bar) {
    this.#bar = bar;
  }

  /** @param {MediaStreamTrack | null} track */
  listen(track) {
    if (track === this.#track) return;
    this.#track = track;
    this.#source?.disconnect();
    this.#source = null;
    cancelAnimationFrame(this.#frame);
    this.#show(0);
    if (!track) return;
    this.#context ??= new AudioContext();
    void this.#context.resume();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 512;
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(analyser);
    this.#watch(analyser, new Float32Array(analyser.fftSize));
  }

  stop() {
    this.listen(null);
    void this.#context?.close();
    this.#context = null;
  }

  /**
   * @param {AnalyserNode} analyser
   * @param {Float32Array<ArrayBuffer>} samples
   */
  #watch(analyser, samples) {
    analyser.getFloatTimeDomainData(samples);
    const level = loudness(samples);
    this.#show(Math.max(level, this.#shown * 0.9));
    this.#frame = requestAnimationFrame(() => this.#watch(analyser, samples));
  }

  /** @param {number} level */
  #show(level) {
    this.#shown = level;
    this.#bar.style.setProperty('--level', level.toFixed(3));
    this.#bar.setAttribute('aria-valuenow', String(Math.round(level * 100)));
  }
}

/**
 * @param {Float32Array} samples
 * @returns {number} 0 at -60 dB and below, 1 at full scale
 */
export function loudness(samples) {
  const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
  if (power <= 1e-6) return 0;
  return Math.min(1, 1 + (10 * Math.log10(power)) / 60);
}
