"""The ontology for autodistill: the prompt of each garment."""

from autodistill.detection import CaptionOntology

from oott_fashion.garments import GARMENTS


def garment_ontology() -> CaptionOntology:
    """Map the prompt of each garment to its name, in class-id order."""
    return CaptionOntology({garment.prompt: garment.name for garment in GARMENTS})
