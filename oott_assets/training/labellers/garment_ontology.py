"""What autodistill is told of garments: the words that a vision model knows each by."""

from autodistill.detection import CaptionOntology

from oott_fashion.garments import GARMENTS


def garment_ontology() -> CaptionOntology:
    """Name our garments by their prompts, in class-id order."""
    return CaptionOntology({it.prompt: it.name for it in GARMENTS})
