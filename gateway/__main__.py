"""`python -m gateway` is `eessi-gateway`."""

from gateway.cli import main

main()
