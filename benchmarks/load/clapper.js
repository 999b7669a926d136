// Runs in a call page before its own scripts. Its microphone and its camera clap: a tone and a
// light go on and off together. As one who watches, it notes when a sound begins and when a picture
// lights up. Times are milliseconds since 1970.

(() => {
  const LOUD = 0.02;
  const QUIET = 0.1; // seconds, before a sound counts as one that begins
  const LIGHT = 128;
  const FRAME_MS = 33;
  const clapper = { beeps: [], flashes: [] };
  window.clapper = clapper;
  clapper.now = () => performance.timeOrigin + performance.now();

  const context = new AudioContext();
  const volume = new GainNode(context, { gain: 0 });
  const microphone = context.createMediaStreamDestination();
  const tone = new OscillatorNode(context, { frequency: 440 });
  tone.connect(volume).connect(microphone);
  tone.start();
  const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
  const brush = canvas.getContext('2d');
  const paint = () => {
    brush.fillStyle = volume.gain.value ? 'white' : 'black';
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.fillStyle = 'gray';
    brush.fillRect(Math.random() * canvas.width, canvas.height - 9, 9, 9);
  };
  setInterval(paint, FRAME_MS);
  clapper.set = (on) => {
    volume.gain.value = Number(on);
    paint();
    return clapper.now();
  };
  MediaDevices.prototype.getUserMedia = async ({ audio, video }) => {
    const stream = new MediaStream();
    if (audio) stream.addTrack(microphone.stream.getAudioTracks()[0].clone());
    if (video) stream.addTrack(canvas.captureStream(1000 / FRAME_MS).getVideoTracks()[0]);
    return stream;
  };

  const EAR = `registerProcessor('ear', class extends AudioWorkletProcessor {
    quiet = 0;
    process([input]) {
      let peak = 0;
      for (const sample of input[0] ?? []) peak = Math.max(peak, Math.abs(sample));
      if (peak >= ${LOUD} && this.quiet > ${QUIET} * sampleRate) this.port.postMessage(currentTime);
      this.quiet = peak < ${LOUD} ? this.quiet + 128 : 0;
      return true;
    }
  });`;
  const heard = new WeakSet();
  let ear = null;
  const listen = async () => {
    const module = URL.createObjectURL(new Blob([EAR], { type: 'text/javascript' }));
    await context.audioWorklet.addModule(module);
    ear = new AudioWorkletNode(context, 'ear');
    ear.port.onmessage = ({ data }) => {
      clapper.beeps.push(clapper.now() - 1000 * (context.currentTime - data));
    };
    ear.connect(context.destination);
  };
  const eye = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
  const look = eye.getContext('2d', { willReadFrequently: true });
  const watch = (video) => {
    let lit = false;
    const next = (_, { expectedDisplayTime }) => {
      look.drawImage(video, 0, 0, 1, 1);
      const light = look.getImageData(0, 0, 1, 1).data[0] > LIGHT;
      if (light && !lit) clapper.flashes.push(performance.timeOrigin + expectedDisplayTime);
      lit = light;
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  };
  const attend = () => {
    for (const element of document.querySelectorAll('#audio audio, .tile video')) {
      if (heard.has(element) || !element.srcObject) continue;
      if (element.matches('audio') && !ear) continue;
      heard.add(element);
      if (element.matches('video')) watch(element);
      else context.createMediaStreamSource(element.srcObject).connect(ear);
    }
  };
  addEventListener('DOMContentLoaded', () => {
    void listen();
    setInterval(attend, 100);
  });
})();
