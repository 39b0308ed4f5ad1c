"""What a pull is: every stream of one source into the store, then what the stream cannot show.

At least once: a page may come again, none is left out, and a run that dies anywhere goes on from the last bookmark.
A source that is busy or unreachable ends its own pull and nobody else's; what was stored stays.
"""

from itsm_bridge.sync.course import Pulled, Watch
from itsm_bridge.sync.pulling import pull
from itsm_bridge.sync.sweep import stop

__all__ = ["Pulled", "Watch", "pull", "stop"]
