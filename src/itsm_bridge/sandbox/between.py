"""What people do between two requests: they do not wait until a client has read to its end."""

from __future__ import annotations

from collections.abc import Callable

from .web import Application, Request, Response


class Between:
    """Lets ``act`` happen before each request is answered, in the server's thread while the client waits."""

    def __init__(self) -> None:
        self.act: Callable[[Request], None] = lambda _request: None

    def before(self, application: Application) -> Application:
        """The same application, with ``act`` before each of its answers."""

        def answer(request: Request) -> Response:
            self.act(request)
            return application(request)

        return answer
