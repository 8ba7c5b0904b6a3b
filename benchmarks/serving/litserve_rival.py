"""A LitServe server of the same detector; its processes import its class from here."""

from typing import Any

import litserve
from fastapi import Request

from benchmarks.serving.rivals import answer_of, detector, photo_in
from oott_fashion.vision.photos import read_photo


class Garments(litserve.LitAPI):  # type: ignore[misc] # it is not installed where types are checked
    """Finds the garments of a photo, and names their colours as OOTT does."""

    def setup(self, device: str) -> None:
        """Open the detector in each process."""
        del device
        self.opened = detector(cores=1)

    def decode_request(self, request: Request) -> Any:
        """Decode the photo."""
        return read_photo(photo_in(request))

    def predict(self, pixels: Any) -> Any:
        """Find the garments."""
        return self.opened.garments(pixels)

    def encode_response(self, garments: Any) -> Any:
        """Answer as the closet service does."""
        return answer_of(garments)


def serve(port: int) -> None:
    """Serve with two processes until the process is stopped."""
    api = Garments(api_path="/predict/camera")
    server = litserve.LitServer(
        api, accelerator="cpu", workers_per_device=2, fast_queue=True, timeout=120
    )
    server.run(host="127.0.0.1", port=port, log_level="error", generate_client_file=False)
