"""The drawing function of each of the 24 garments."""

from collections.abc import Callable

from oott_assets.photos.sources.drawn import bottoms, outers, shoes, tops
from oott_assets.photos.sources.drawn.tailor import Tailor

DRAWINGS: dict[str, Callable[[Tailor], None]] = {
    "blazer": outers.blazer,
    "denim jacket": outers.denim_jacket,
    "leather jacket": outers.leather_jacket,
    "coat": outers.coat,
    "windbreaker jacket": outers.windbreaker,
    "cardigan": outers.cardigan,
    "puffer": outers.puffer,
    "tee shirt": tops.tee_shirt,
    "long sleeve shirt": tops.long_sleeve_shirt,
    "tank top": tops.tank_top,
    "shirt": tops.shirt,
    "polo shirt": tops.polo_shirt,
    "sweat shirt": tops.sweat_shirt,
    "hoodie sweat shirt": tops.hoodie,
    "knit sweater": tops.knit_sweater,
    "dress": tops.dress,
    "jeans": bottoms.jeans,
    "slacks": bottoms.slacks,
    "sweat pants": bottoms.sweat_pants,
    "skirt": bottoms.skirt,
    "shorts pants": bottoms.shorts,
    "sneakers": shoes.pair(shoes.sneaker),
    "dress shoes": shoes.pair(shoes.dress_shoe),
    "sandals": shoes.pair(shoes.sandal),
}

# A hood is drawn last, because it lies over an outer as well.
HOODS: dict[str, Callable[[Tailor], None]] = {
    "windbreaker jacket": tops.hood,
    "hoodie sweat shirt": tops.hood,
}
