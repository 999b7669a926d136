MOST_VOICES: int  # that a room can pass on

class RoomVoices:
    """Which voices of a room are passed on: `limit` of them, the loudest, whichever workers they
    come in at; 0: all. For `create_inbound` of each of them.
    """

    def __init__(self, limit: int) -> None: ...  # raises ValueError
    # from the next packet on
    def set_limit(self, limit: int) -> None: ...  # raises ValueError
