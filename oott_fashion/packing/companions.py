"""Dresses companions so that their look goes with the traveller's."""

import math
from collections.abc import Sequence

import numpy as np

from oott_fashion.garments import DRESS, GARMENT_NAMES, Category
from oott_fashion.packing.outfit_model import OutfitModel, parts_of
from oott_fashion.packing.piece_scores import log_factors, log_weather, wishes_of
from oott_fashion.packing.preferences import Preference
from oott_fashion.packing.trips import Companion, Day, Piece, Trip

# For a couple look, a companion wears the same garment unless it is wanted less than this.
_MIN_SAME_GARMENT = 0.1


def companion_outfit(
    companion: Companion, trip: Trip, day: Day, worn: Sequence[Piece], model: OutfitModel
) -> tuple[Piece, ...]:
    """Dress a companion: for a couple look in the same pieces, for a similar one in their colours.

    ``worn`` is the traveller's outfit. Without a look, the answer is empty.
    """
    if companion.look == "none":
        return ()
    wishes = wishes_of(trip, companion.gender)
    dressed = []
    for piece in worn:
        is_same = companion.look == "couple" and _factor(piece, wishes) >= _MIN_SAME_GARMENT
        dressed.append(piece if is_same else _other_garment(piece, day, wishes, model))
    garments = {piece.garment for piece in dressed}
    if DRESS in {piece.garment for piece in worn} and DRESS not in garments:
        top = next(piece for piece in dressed if piece.category == "top")
        bottom = _best(_in("bottom", top.colour), day, wishes, model)
        dressed += [bottom] if bottom else []
    return tuple(dressed)


def _factor(piece: Piece, wishes: Sequence[Preference]) -> float:
    return math.prod(wish.factor(piece) for wish in wishes)


def _other_garment(
    piece: Piece, day: Day, wishes: Sequence[Preference], model: OutfitModel
) -> Piece:
    """Find the best other garment of the same category in the same colour."""
    others = [one for one in _in(piece.category, piece.colour) if one != piece]
    return _best(others, day, wishes, model) or piece


def _in(category: Category, colour: str) -> list[Piece]:
    pieces = [Piece(name, colour) for name in GARMENT_NAMES if name != DRESS]
    return [piece for piece in pieces if piece.category == category]


def _best(
    pieces: Sequence[Piece], day: Day, wishes: Sequence[Preference], model: OutfitModel
) -> Piece | None:
    """Find the most usual piece for a day; None if none suits the weather."""
    weather = log_weather(day)[parts_of(pieces)[:, 0]]
    scores = model.scores(pieces) + log_factors(pieces, wishes) + weather
    best = int(np.argmax(scores))
    return pieces[best] if np.isfinite(scores[best]) else None
