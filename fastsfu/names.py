"""Names of people as they may be shown: one line that says what it seems to say."""

import re
import unicodedata

from fastsfu.errors import RequestError

# What turns the reading direction of all that is shown around the name (Unicode Annex 9).
DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Control characters, lone surrogates, and separators of lines and paragraphs.
UNSEEN = ("Cc", "Cs", "Zl", "Zp")


def shown(name: str) -> str:
    """`name` without what would show it, or its surroundings, as something else.

    Joiners stay: emoji and some scripts need them.
    """
    kept = (each if unicodedata.category(each) not in UNSEEN else " " for each in name)
    return " ".join(DIRECTIONS.sub("", "".join(kept)).split())


def seen(name: str) -> str:
    """`name` as it is shown; raises RequestError where nothing of it is."""
    if not (found := shown(name)):
        raise RequestError("A name has to show something.")
    return found
