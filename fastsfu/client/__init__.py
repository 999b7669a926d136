"""A participant in Python: bots, transcription, tests of an application's own (extra `client`).

    import fastsfu.client

    async with fastsfu.client.join(url, room="standup", token=token, name="Echo") as call:
        call.on("app-message", lambda event: print(event["fromId"], event["data"]))
        call.publish(audio=track)                       # any aiortc MediaStreamTrack
        track = await call.track(session_id, "audio")
        async for frame in track:                       # av.AudioFrame, or av.VideoFrame
            ...

It is a client like the browser's, with the same names, and has what its token gives it; it imports
nothing of the server. Its media is always carried by the SFU, so that with it a call is not a
direct one.
"""

from fastsfu.client.call import Call, join
from fastsfu.client.errors import CallError
from fastsfu.client.tracks import Track

__all__ = ["Call", "CallError", "Track", "join"]
