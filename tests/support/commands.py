"""`portal …` as an operator runs it, forked from a process that has the code loaded: see `tests.support.prepared`."""

import os
import signal
import sys
import tempfile

from portal.cli import main as portal_command


def run(arguments: list[str], environment: dict[str, str], cwd: str | None) -> dict[str, object]:
    """What a process of its own would have come to."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.environ.clear()
            os.environ.update(environment)
            if cwd is not None:
                os.chdir(cwd)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            _obey(arguments)
        _, status = os.waitpid(child, 0)
        texts = [_text(file) for file in (out, err)]
    return {"returncode": os.waitstatus_to_exitcode(status), "stdout": texts[0], "stderr": texts[1]}


def _obey(arguments: list[str]) -> None:
    """Run the command and end the process as the interpreter does."""
    sys.argv = ["portal", *arguments]
    code: object = 1
    try:
        portal_command(arguments, prog_name="portal")
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _text(file: object) -> str:
    file.seek(0)
    return file.read().decode()
