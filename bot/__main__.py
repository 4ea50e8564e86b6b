"""`python -m bot`."""

import signal

try:
    from bot.cli import main

    code = main()
except KeyboardInterrupt:  # while it is being loaded, which is no fault to be traced
    code = 128 + signal.SIGINT

raise SystemExit(code)
