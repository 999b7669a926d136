"""Real programs against a real server process: Chromium, Firefox, aiortc, ffmpeg."""
