"""The command `mmq`: how an error, or Ctrl-C at any moment, reaches whoever typed it."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit."""
    try:
        # Loading takes a fifth of a second, in which Ctrl-C shall not end in a traceback either.
        from mmq.cli.commands import app  # noqa: PLC0415
        from mmq.cli.failure import explained  # noqa: PLC0415

        with explained():
            app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
