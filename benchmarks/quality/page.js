// Runs before a page's own scripts: what the page sends and shows, and what its connections say.
(() => {
  const INTERVAL = 500;
  const INBOUND = ['kind', 'ssrc', 'rtxSsrc', 'trackIdentifier', 'packetsReceived', 'packetsLost',
    'bytesReceived', 'retransmittedPacketsReceived', 'framesDecoded', 'frameHeight', 'freezeCount',
    'totalFreezesDuration', 'keyFramesDecoded', 'pliCount', 'nackCount', 'concealedSamples',
    'silentConcealedSamples', 'totalSamplesReceived', 'jitterBufferDelay',
    'jitterBufferEmittedCount'];
  const OUTBOUND = ['kind', 'ssrc', 'rid', 'active', 'packetsSent', 'bytesSent', 'framesEncoded',
    'keyFramesEncoded', 'frameHeight', 'pliCount', 'nackCount', 'targetBitrate',
    'retransmittedPacketsSent', 'qualityLimitationReason'];
  const bench = { frames: {}, samples: [], notes: [] };
  window.bench = bench;

  const pick = (names, report) => Object.fromEntries(names.map((name) => [name, report[name]]));
  const look = async () => {
    const sample = { at: Date.now(), inbound: [], outbound: [], bandwidth: [] };
    for (const connection of window.connections) {
      if (connection.connectionState === 'closed') continue;
      (await connection.getStats()).forEach((report) => {
        if (report.type === 'inbound-rtp') sample.inbound.push(pick(INBOUND, report));
        if (report.type === 'outbound-rtp') sample.outbound.push(pick(OUTBOUND, report));
        if (report.type === 'candidate-pair' && report.nominated) {
          sample.bandwidth.push(report.availableOutgoingBitrate ?? null);
        }
      });
    }
    bench.samples.push(sample);
  };
  /** Note something that the page was told. */
  bench.note = (...words) => bench.notes.push([Date.now(), ...words]);
  setInterval(() => look().catch((error) => bench.note('stats', String(error))), INTERVAL);

  /** Camera and microphone as they come from their files, without what improves speech. */
  bench.capture = async (height) => {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { height, width: Math.round((height * 16) / 9), frameRate: 30 },
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    return { audio: stream.getAudioTracks()[0], video: stream.getVideoTracks()[0] };
  };

  /** A screen of text, which somebody scrolls by a line each second. */
  bench.screen = (height) => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { height, width: Math.round((height * 16) / 9) });
    const paint = canvas.getContext('2d');
    const words = 'the quick brown fox jumps over the lazy dog while sphinx judges vows'.split(' ');
    let scrolled = 0;
    const draw = () => {
      paint.fillStyle = 'white';
      paint.fillRect(0, 0, canvas.width, canvas.height);
      paint.fillStyle = 'black';
      paint.font = '16px monospace';
      for (let line = 0; line * 20 < height; line++) {
        const from = ((scrolled + line) * 7) % words.length;
        const text = [...words.slice(from), ...words].join(' ');
        paint.fillText(`${scrolled + line} ${text}`, 8, line * 20 + 16);
      }
    };
    draw();
    setInterval(draw, 100);
    setInterval(() => scrolled++, 1000);
    return canvas.captureStream(30);
  };

  /** Play a track; of pictures, note when each was shown, and its height. */
  bench.show = (track) => {
    if (track.id in bench.frames) return;
    const frames = (bench.frames[track.id] = []);
    const element = document.createElement(track.kind);
    element.srcObject = new MediaStream([track]);
    element.autoplay = true;
    document.body.append(element);
    element.play();
    if (track.kind === 'audio') return;
    element.muted = true;
    element.width = 320;
    const shown = (now) => {
      frames.push([performance.timeOrigin + now, element.videoHeight]);
      element.requestVideoFrameCallback(shown);
    };
    element.requestVideoFrameCallback(shown);
  };
})();
