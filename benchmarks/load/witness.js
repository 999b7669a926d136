// Runs in a call page before its own scripts: gives its microphone a tone, hears for how long no
// sound comes out, and notes when the topology changes. Times are those of Date.now().

(() => {
  const SILENCE = 0.02;
  const witness = { sounds: [], topologies: [], joins: [] };
  window.witness = witness;

  // The fake microphone beeps; a tone without a pause makes each pause count.
  const media = MediaDevices.prototype;
  const open = media.getUserMedia;
  media.getUserMedia = async function getUserMedia(constraints) {
    const stream = await open.call(this, constraints);
    const microphone = stream.getAudioTracks()[0];
    if (!microphone) return stream;
    microphone.stop();
    stream.removeTrack(microphone);
    const context = new AudioContext();
    const destination = context.createMediaStreamDestination();
    const tone = new OscillatorNode(context, { frequency: 440 });
    tone.connect(destination);
    tone.start();
    stream.addTrack(destination.stream.getAudioTracks()[0]);
    return stream;
  };

  const LISTENER = `registerProcessor('listener', class extends AudioWorkletProcessor {
    quiet = 0;
    process([input]) {
      let peak = 0;
      for (const sample of input[0] ?? []) peak = Math.max(peak, Math.abs(sample));
      if (peak < ${SILENCE}) this.quiet += 128;
      else if (this.quiet) {
        this.port.postMessage(this.quiet / sampleRate * 1000);
        this.quiet = 0;
      }
      return true;
    }
  });`;

  let ear = null;
  const heard = new Map();
  const listen = async () => {
    const context = new AudioContext();
    const module = URL.createObjectURL(new Blob([LISTENER], { type: 'text/javascript' }));
    await context.audioWorklet.addModule(module);
    ear = new AudioWorkletNode(context, 'listener');
    ear.port.onmessage = ({ data }) => witness.sounds.push([Date.now(), data]);
    ear.connect(context.destination);
    watchSounds();
  };
  // What an element plays, for as long as it is in the page.
  const watchSounds = () => {
    if (!ear) return;
    const playing = new Set(document.querySelectorAll('#audio audio'));
    for (const [element, source] of heard) {
      if (playing.has(element)) continue;
      source.disconnect();
      heard.delete(element);
    }
    for (const element of playing) {
      if (heard.has(element) || !element.srcObject) continue;
      const source = ear.context.createMediaStreamSource(element.srcObject);
      source.connect(ear);
      heard.set(element, source);
    }
  };

  addEventListener('DOMContentLoaded', () => {
    new MutationObserver(watchSounds).observe(document, { subtree: true, childList: true });
    void listen();
  });
  addEventListener('load', () => {
    const { call } = window;
    call.on('joining-meeting', () => witness.joins.push(Date.now()));
    call.on('network-topology-change', ({ topology }) => {
      witness.topologies.push([Date.now(), topology]);
    });
  });
})();
