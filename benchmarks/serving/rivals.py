"""Other servers of the same detector: ``python -m benchmarks.serving.rivals NAME PORT``.

Each reads the same JSON as /predict/camera, and answers with the most confident garment and its
colour. LitServe and Ultralytics get two processes, as the closet service on two cores does. ONNX
Runtime keeps its own number of threads, as Ultralytics sets it.
"""

# mypy: disable-error-code="untyped-decorator"

import base64
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oott_fashion.colours import RELEASED_PALETTE, nearest_colours
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.detector_card import read_card
from oott_fashion.vision.detections import Detection
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import open_engine
from oott_fashion.vision.photos import read_photo

STARTER = Path("models/starter-detector")
_NOTHING = {"label": "None", "color": "None"}


def side() -> int:
    """Give the side of the input of the detector."""
    return read_card(STARTER / "card.json").image_side


def detector(cores: int) -> Detector:
    """Open the detector that all servers use."""
    return Detector(open_engine(STARTER / "detector.onnx", "deepsparse", cores), side())


def photo_in(body: Any) -> bytes:
    """Decode the photo of a request."""
    return base64.b64decode(body["base64_image"])


def answer_of(garments: Sequence[Detection]) -> dict[str, str]:
    """Answer as the closet service does."""
    if not garments:
        return _NOTHING
    return {"label": garments[0].garment, "color": garments[0].colour}


def prototype() -> Any:
    """FastAPI with the engine in the event loop, and extcolors for the colour of the box."""
    import extcolors
    import numpy as np
    from fastapi import FastAPI
    from PIL import Image

    app, opened = FastAPI(), detector(cores=os.cpu_count() or 1)

    @app.post("/predict/camera")
    async def camera(body: dict[str, str]) -> dict[str, str]:
        pixels = read_photo(photo_in(body))
        found = opened.boxes(pixels)
        if not len(found.boxes):
            return _NOTHING
        left, top, right, bottom = map(int, found.boxes[0])
        garment = Image.fromarray(pixels[top : bottom + 1, left : right + 1])
        colours, _ = extcolors.extract_from_image(garment)
        main = np.array([colours[0][0]], dtype=np.uint8)
        name = RELEASED_PALETTE[nearest_colours(main, RELEASED_PALETTE)[0]].name
        return {"label": GARMENT_NAMES[found.class_ids[0]], "color": name}

    return app


def ultralytics() -> Any:
    """FastAPI with Ultralytics on ONNX Runtime, in two processes; it names no colours."""
    import torch
    from fastapi import FastAPI
    from PIL import Image
    from ultralytics import YOLO

    torch.set_num_threads(1)
    app, model = FastAPI(), YOLO(STARTER / "detector.onnx", task="detect")
    options: dict[str, Any] = {"imgsz": side(), "device": "cpu", "verbose": False}

    @app.post("/predict/camera")
    def camera(body: dict[str, str]) -> dict[str, str]:
        photo = Image.open(io.BytesIO(photo_in(body)))
        boxes = model.predict(photo, **options)[0].boxes
        return (
            {"label": GARMENT_NAMES[int(boxes.cls[0])], "color": "None"} if len(boxes) else _NOTHING
        )

    return app


def main(name: str, port: int) -> None:
    """Serve until the process is stopped."""
    os.environ["YOLO_AUTOINSTALL"] = "false"
    if name == "litserve":
        from benchmarks.serving.litserve_rival import serve

        return serve(port)
    import uvicorn

    uvicorn.run(
        f"{__package__}.rivals:{name}",
        factory=True,
        port=port,
        workers=2 if name == "ultralytics" else 1,
        log_level="error",
    )
    return None


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
