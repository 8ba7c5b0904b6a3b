"""The command ``python -m oott_assets.training.versions``, run in this process."""

from click.testing import CliRunner, Result

from oott_assets.training.versions.__main__ import main


def versions(*words: object) -> str:
    """Run the command, and give what it prints."""
    ended = run_versions(*words)
    assert ended.exit_code == 0, ended.output
    return ended.output


def failing_versions(*words: object) -> str:
    """Run the command, which must fail with a message, and give the message."""
    ended = run_versions(*words)
    assert ended.exit_code in (1, 2), ended.exception
    return ended.output


def run_versions(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])
