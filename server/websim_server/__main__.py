"""`python -m websim_server` is `websim`."""

import sys

from websim_server.cli import main

sys.exit(main())
