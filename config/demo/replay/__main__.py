"""``python config/demo/replay --port 8070``: serves the recordings until it is stopped."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

# Run as a folder, Python puts the folder itself on the path: the package is found one level up.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from replay.recordings import RECORDED  # noqa: E402
from replay.server import Replay  # noqa: E402


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="replay", description="Serve recorded data portals over HTTP.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--recordings", type=Path, default=RECORDED, help="folder of the recordings")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    try:
        replay = Replay(
            arguments.recordings, arguments.host, arguments.port, log=lambda line: print(line, flush=True)
        )
    except OSError as error:
        print(
            f"replay: cannot serve on {arguments.host}:{arguments.port}: {error.strerror or error}",
            file=sys.stderr,
        )
        return 1
    print(f"replay: serving {arguments.recordings} at {replay.url()}", flush=True)
    try:
        replay.serve_forever()
    except KeyboardInterrupt:
        print("replay: stopped", flush=True)
    finally:
        replay.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
