"""`amanzhol demo`: everything on this machine."""

import click


@click.command()
def demo() -> None:
    """Run all."""
