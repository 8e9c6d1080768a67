"""gunicorn's threads, of which a client that sends slowly holds none.

A connection goes to a thread when its request has come: the head, and of the body as much as fits into memory for
many at once. Until then it costs a place in the event loop, and it has to be through in time. Where a thread reads
on or writes itself, each read and each write has an end.

Deliveries of events come by the hundreds a second and wait for commits: those are handled in groups.
"""

import errno
import re
import socket
import struct
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from portal.web.serving.gunicorn_groups import GroupedConnection, GroupingWorker

ARRIVES_WITHIN = 20.0
"""Seconds from the first byte that is waited for until the request has come."""
LEAVES_WITHIN = 3.0
"""The same once the process is told to end: no other process takes its place while it waits."""
READ_WITHIN, WRITTEN_WITHIN = 10, 30
"""Seconds without any progress after which a thread gives a connection up."""
LONGEST_HEAD = 64 * 1024
AHEAD = 128 * 1024
"""Bytes of a body that are waited for in the event loop; a thread reads the rest."""

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,12})[ \t]*\r\n", re.I)
_WAITS = re.compile(rb"\r\nexpect:", re.I)
_DELIVERY = b"POST /hooks/"


def is_whole(arrived: bytes) -> bool:
    """Whether a thread can begin: with the request, or to refuse it."""
    head = arrived.find(_END)
    if head < 0:
        return len(arrived) > LONGEST_HEAD
    fields = arrived[: head + len(_END)]
    length = _LENGTH.search(fields)
    if length is None or _WAITS.search(fields):  # its sender waits to be told to go on
        return True
    return len(arrived) - len(fields) >= min(int(length[1]), AHEAD)


def is_delivery(arrived: bytes) -> bool:
    """Whether it is an event, and there to its end: whoever handles it waits for nobody."""
    if not arrived.startswith(_DELIVERY):
        return False
    end = arrived.find(_END) + len(_END)
    length = _LENGTH.search(arrived, 0, end)
    return length is not None and len(arrived) - end >= int(length[1]) and not _WAITS.search(arrived, 0, end)


class PatientConnection(GroupedConnection):
    """A connection with what has come of its next request."""

    arrived = b""


class PatientWorker(GroupingWorker):
    """What waits for the rest of a request is kept with gunicorn's own connections that wait for data."""

    def init_process(self) -> None:
        self._ends_at: float | None = None
        super().init_process()

    def murder_pending(self) -> None:
        """Close connections whose requests did not come in time; gunicorn asks for it about once a second."""
        if not self.alive:
            self._ends_at = self._ends_at or time.monotonic() + LEAVES_WITHIN
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, self._ends_at)
        super().murder_pending()

    def accept(self, listener: socket.socket) -> None:
        if self.cfg.is_ssl:  # what comes is not readable before a thread has shaken hands
            super().accept(listener)
        else:
            self._accept(listener)

    def set_accept_enabled(self, enabled: bool) -> None:
        """As gunicorn has it; and when the process is to end, whoever comes from now on goes to another one.

        With `reuse_port` each process has a socket of its own. Whoever waited at it to the end would be cut off.
        """
        super().set_accept_enabled(enabled)
        if not self.alive and self.cfg.reuse_port:
            for listener in self.sockets:
                while not self.cfg.is_ssl and self._accept(listener):
                    pass
                listener.close()

    def _accept(self, listener: socket.socket) -> bool:
        """Take a connection; whether there may be more."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return error.errno == errno.ECONNABORTED
        self.nr_conns += 1
        for option, seconds in ((socket.SO_RCVTIMEO, READ_WITHIN), (socket.SO_SNDTIMEO, WRITTEN_WITHIN)):
            client.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", seconds, 0))
        self._wait_for_request(PatientConnection(self.cfg, client, address, listener.getsockname()))
        return True

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """The next request on a connection that was kept."""
        if not isinstance(conn, PatientConnection):
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._wait_for_request(conn)

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        """More of a request that is waited for."""
        if not isinstance(conn, PatientConnection):
            super().on_pending_socket_readable(conn, client)
        elif (is_there := self._take(conn)) is not None:
            self.poller.unregister(client)
            self.pending_conns.remove(conn)
            self._pass_on(conn, is_there)

    def handle(self, conn: Any) -> Any:
        """In a thread: what has come is read first."""
        if isinstance(conn, PatientConnection) and conn.arrived:
            conn.sock.setblocking(True)
            conn.init()
            conn.parser.unreader.unread(conn.arrived)
            conn.arrived, conn.data_ready = b"", True
        return super().handle(conn)

    def _wait_for_request(self, conn: PatientConnection) -> None:
        is_there = self._take(conn)
        if is_there is not None:
            self._pass_on(conn, is_there)
            return
        conn.timeout = time.monotonic() + ARRIVES_WITHIN
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _take(self, conn: PatientConnection) -> bool | None:
        """Read what is there. Whether it is a request; none while that has yet to be seen."""
        try:
            piece = conn.sock.recv(AHEAD)
        except BlockingIOError:
            return None
        except OSError:
            return False
        conn.arrived += piece
        return (is_whole(conn.arrived) or None) if piece else False

    def _pass_on(self, conn: PatientConnection, is_there: bool) -> None:
        if is_there and is_delivery(conn.arrived):
            self.gather(conn)
        elif is_there:
            self.enqueue_req(conn)
        else:  # it went away
            self.nr_conns -= 1
            conn.close()
