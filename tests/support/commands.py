"""A process that has the portal's code loaded and forks for every `portal …` that it is asked to run.

    python -m tests.support.commands

It reads lines of JSON with the arguments, the environment and the folder of one run, and answers with how that
ended. To load the code anew for every run takes longer than most runs.
"""

import json
import os
import sys
import tempfile

import portal.app  # noqa: F401 - loaded here, so that no run has to
from portal.cli import main as portal_command


def run(arguments: list[str], environment: dict[str, str], cwd: str | None) -> dict[str, object]:
    """What a process of its own would have come to."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
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


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(run(*json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
