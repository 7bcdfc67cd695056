"""``python -m gateway GROUP COMMAND``."""

from gateway.cli import main

main(prog_name="python -m gateway")
