"""`python -m asl`: the command line.

In: the arguments. Out: the exit code. Never: anything else.
"""

from asl.cli.main import main

if __name__ == "__main__":
    main(prog_name="asl")
