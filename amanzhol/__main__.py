"""`python -m amanzhol`."""

from amanzhol.cli import main

main()
