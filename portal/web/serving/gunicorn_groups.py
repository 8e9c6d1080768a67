"""gunicorn's threads, of which one handles many requests together that are there at the same moment.

The application is called for each of them first. Then their answers are taken, which it may give late: when it is
asked for the first piece. So what they all wait for, such as a commit, is waited for once; and none of them costs
what it takes to hand a request to a thread of its own.
"""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gunicorn.http import wsgi  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]


class GroupedConnection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection whose next request may be handled together with others."""

    is_grouped = False


class _Outbox:
    """What an answer is written to, so that it is sent in one piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.sendall = self.pieces.append


@dataclass(frozen=True)
class _Begun:
    """A request that the application was called for."""

    request: Any
    response: Any
    environ: dict[str, Any]
    answer: Iterable[bytes]
    at: float


@dataclass(frozen=True)
class _Outcome:
    """Whether a connection is kept, as gunicorn wants to be told: by something like a future."""

    is_kept: bool

    def result(self) -> bool:
        return self.is_kept

    def cancelled(self) -> bool:
        return False


class GroupingWorker(ThreadWorker):  # type: ignore[misc]
    """While one group is handled the next one gathers, so nobody waits for others to come."""

    alive: bool

    def init_process(self) -> None:
        self._gathered: list[GroupedConnection] = []
        self._is_busy = False
        self._thread = ThreadPoolExecutor(max_workers=1)
        super().init_process()

    def gather(self, conn: GroupedConnection) -> None:
        """Handle a request together with others. It must be there to its end: nobody waits for the rest."""
        conn.is_grouped = True
        self._gathered.append(conn)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Once what came was looked at, the next group begins."""
        super().wait_for_and_dispatch_events(timeout)
        if self._gathered and not self._is_busy:
            group, self._gathered, self._is_busy = self._gathered, [], True
            done = self._thread.submit(self._handle_group, group)
            done.add_done_callback(lambda done: self.method_queue.defer(self._finish_group, group, done))

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Of a grouped request only the first half."""
        if not (isinstance(conn, GroupedConnection) and conn.is_grouped):
            return super().handle_request(req, conn)
        at = time.monotonic()
        self.cfg.pre_request(self, req)
        response, environ = wsgi.create(req, _Outbox(), conn.client, conn.server, self.cfg)
        environ["wsgi.multithread"] = True
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False  # another process takes over
        if not self.alive or not self.cfg.keepalive or len(self.keepalived_conns) >= self.max_keepalived:
            response.force_close()
        return _Begun(req, response, environ, self.wsgi(environ, response.start_response), at)

    def _keepalive_after(self, conn: Any, keepalive: Any) -> Any:
        return keepalive if isinstance(keepalive, _Begun) else super()._keepalive_after(conn, keepalive)

    def _handle_group(self, group: Sequence[GroupedConnection]) -> list[bool]:
        """In a thread: whether each connection is kept."""
        begun = [self.handle(conn) for conn in group]
        return [
            self._end(conn, each) if isinstance(each, _Begun) else bool(each)
            for conn, each in zip(group, begun, strict=True)
        ]

    def _end(self, conn: GroupedConnection, begun: _Begun) -> bool:
        request, response, environ = begun.request, begun.response, begun.environ
        try:
            for piece in begun.answer:
                response.write(piece)
            response.close()
            conn.sock.sendall(b"".join(response.sock.pieces))
        except OSError:  # it went away
            return False
        except Exception as error:
            self.handle_error(request, conn.sock, conn.client, error)
            return False
        finally:
            self.log.access(response, request, environ, timedelta(seconds=time.monotonic() - begun.at))
            if hasattr(begun.answer, "close"):
                begun.answer.close()
            self.cfg.post_request(self, request, environ, response)
        return bool(self._keepalive_after(conn, not response.should_close()))

    def _finish_group(self, group: Sequence[GroupedConnection], done: "Future[list[bool]]") -> None:
        self._is_busy = False
        are_kept = [False] * len(group) if done.exception() else done.result()
        for conn, is_kept in zip(group, are_kept, strict=True):
            conn.is_grouped = False
            self.finish_request(conn, _Outcome(is_kept))
