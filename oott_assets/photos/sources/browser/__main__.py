"""Opens a browser with a window, in which a person logs in for the browser source.

Run it: ``python -m oott_assets.photos.sources.browser``. It ends when the window is closed. Later
runs are logged in, because they use the same profile.
"""

import subprocess

import click

from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.sources.browser.browser_start import Programs
from oott_assets.photos.sources.photo_source import PhotosUnknown
from oott_fashion.settings import read_settings
from oott_fashion.stores.blobs import LocalBlobs


@click.command()
def main() -> None:
    """Open the site of the browser source in a window. Log in there, then close the window.

    The log-in stays in the folder OOTT_BROWSER_FOLDER.
    """
    try:
        settings = read_settings(PhotoSettings)
        programs = Programs(settings.browser_root, settings.chromium, settings.chromedriver)
        programs.require_installed()
    except (PhotosUnknown, ValueError) as error:
        raise click.ClickException(str(error)) from None
    with LocalBlobs(programs.folder, readers="user").exclusive_lock(""):
        programs.prepare_folders()
        command = [str(programs.chromium), *programs.profile_flags, settings.instagram_url]
        status = subprocess.run(command, check=False).returncode
    if status != 0:
        raise click.ClickException(f"{command[0]} ended with status {status}; it needs a screen")
    click.echo(f"{programs.profile} keeps the log-in")


if __name__ == "__main__":
    main()
