"""docs/app-messages.md, written from the models of transport/frames.py; a test compares the two."""

from fastsfu.http.protocol_document import model_section
from fastsfu.transport import frames

INTRODUCTION = f"""\
# App messages and metadata

<!-- Printed by `python -m fastsfu.http.frames_document`; change it there and in
fastsfu/transport/frames.py instead. -->

`sendAppMessage(data, to)` gives JSON to everybody else in the room, or to some. It goes through a
WebRTC data channel: from browser to browser in a peer-to-peer call, through the server otherwise.
Each receiver gets each message **once and in the order in which its sender sent it**, also when a
WebSocket is lost, ICE restarts, the session has to be joined anew, or the call changes between
peer-to-peer and SFU.

What a participant says of itself, its **metadata**, goes the same ways: which of its sources are on
(not muted), and its `user_data`. The event is `participant-updated`, once for each change.

## What to expect

- **Everybody** (`'*'`) is who is in the room when the message gets to the server. Nobody gets what
  was sent before they came.
- **Size**: at most `max_app_message_bytes` of JSON (4,096 unless configured, 65,536 at most). A
  larger one is refused at the sender (`too-large`); the server refuses it too, with a `refused`
  frame, and the channel goes on.
- **Rate**: a sender has `app_messages_per_second` on average. Beyond, the server reads its channel
  more slowly: nothing is lost, the messages wait at their sender, and `sendAppMessage` rejects
  with `too-many-messages` when a thousand wait there.
- **A slow receiver** does not slow others. The server keeps up to 1,000 messages or 4 MiB for one
  that does not read. Of what comes then it keeps nothing until there is room again, and the
  receiver is told in that place how many are missing (`nonfatal-error` of type `messages-lost`).
- **A sender's promise** resolves when the message is written to the channel.
- A client that is gone for longer than `resume_timeout` misses what was sent meanwhile; one that
  joins anew within that time (`join.replaces`) does not.
- If the server itself is lost, what it had taken over and not delivered is lost with it.
- **Metadata** is a state, not a message: who comes later gets it too, of several changes in a row a
  receiver may see only the last one, and the right to send app messages has nothing to do with it.
  It has at most `max_user_data_bytes` (4,096) of JSON as `user_data`; `setUserData` refuses more
  (`too-large`), and so does whoever receives it. In a direct call the other browser is told it
  end-to-end encrypted; the server is told it too, for those who come.

## For servers that embed it

```python
def on_app_message(session, message):         # SFU(on_app_message=...), or room.on_app_message
    if "spam" in str(message.data):
        raise RequestError("No.", "refused")  # the sender gets it as a nonfatal-error
    message.data = {{"checked": message.data}}  # and message.to may be replaced

room.send_app_message({{"hello": 1}}, to=[session.id])    # fromId is "server"

def on_channel(session, channel):             # a channel that the client opened by itself (DCEP)
    asyncio.create_task(echo(channel))

async def echo(channel):
    async for message in channel:             # str or bytes, until it is closed
        await channel.send(message)           # waits while the client does not read

news = session.channels.open("news", ordered=False, max_retransmits=0)    # lossy
```

The hooks are plain functions: what follows waits for them. What an application does not receive in
time waits at the client (reliable channels; all of its channels wait then), or is dropped and
counted in `channel.dropped` (lossy ones). A session has at most 32 channels, whose messages have at
most 64 KiB. A channel that nobody takes is closed.

## The channel

Pre-negotiated (RFC 8832 section 6.1) on both ends: stream {frames.CHANNEL_ID}, ordered, reliable,
label `{frames.LABEL}`, subprotocol `{frames.PROTOCOL}`. Each message of the channel is a text with
one JSON object, a frame, told apart by `type`. The same frames go between client and server and
between two browsers.

## The course

1. Who begins to use a channel sends `hello`, and gets `welcome` with the last number that the other
   end has of its messages. It then sends, in order, what the other end lacks, and goes on with what
   is new. A client uses one channel at a time; it says `hello` again when it comes back to one. It
   receives from all that are open. The server sends no `hello`.
2. Messages are numbered by their sender, for all receivers together, so a receiver sees gaps.
   On each channel the numbers of one sender only grow. Whoever receives a number that is not
   greater than the last one of that sender drops it: it came before, over another channel.
3. `ack` counts what has come over one channel, within 0.2 s. The server acknowledges what it has
   taken over; towards each receiver it keeps a message until that acknowledges it. What no `ack`
   covers when a channel is lost goes again over the next one.
4. A client that has to join anew gives its old session in `join.replaces`. The server then goes on
   with that session's numbers, and with what it had kept for it; others see in `origin` that the
   two are one. A server that was started again has kept nothing, but knows the origin by the resume
   key, if its secret is the same.

## Metadata

1. A client says all of its metadata each time, with a `revision` that grows at each change, by
   every way there is: `metadata` on all of its channels, also when one opens, and `update` by
   signaling, also when that comes back and the server's `revision` is smaller. So both ways may
   be slow, or dead without knowing it; whoever gets a revision that is not greater than the last
   one drops it.
2. The server tells everybody of it by `participant-updated` and, where there is a channel, by
   `metadata`. There a source is on only while it is published as well. When the application
   changes metadata there, the revision leaps by 2^20, over all that the client may be saying
   meanwhile; the client takes the `user_data`, and goes on from that revision.
3. From another browser it is about that browser, whatever `from` says. When both tell the same
   revision, what it says itself counts.
4. A client without a data channel has `update`; there it need not be all, and without `revision`
   it is newer than all before.

## Frames
"""


def document() -> str:
    """The whole of docs/app-messages.md."""
    models: tuple[type[frames.Model], ...] = (*frames.FRAMES, frames.WireMessage)
    sections = [model_section(model) for model in models]
    return "\n".join([INTRODUCTION, *sections])


if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
