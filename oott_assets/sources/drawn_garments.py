"""How each of the 24 garments is drawn."""

from collections.abc import Callable

from oott_assets.sources import drawn_bottoms, drawn_outers, drawn_shoes, drawn_tops
from oott_assets.sources.drawn_tailor import Tailor

DRAWINGS: dict[str, Callable[[Tailor], None]] = {
    "blazer": drawn_outers.blazer,
    "denim jacket": drawn_outers.denim_jacket,
    "leather jacket": drawn_outers.leather_jacket,
    "coat": drawn_outers.coat,
    "windbreaker jacket": drawn_outers.windbreaker,
    "cardigan": drawn_outers.cardigan,
    "puffer": drawn_outers.puffer,
    "tee shirt": drawn_tops.tee_shirt,
    "long sleeve shirt": drawn_tops.long_sleeve_shirt,
    "tank top": drawn_tops.tank_top,
    "shirt": drawn_tops.shirt,
    "polo shirt": drawn_tops.polo_shirt,
    "sweat shirt": drawn_tops.sweat_shirt,
    "hoodie sweat shirt": drawn_tops.hoodie,
    "knit sweater": drawn_tops.knit_sweater,
    "dress": drawn_tops.dress,
    "jeans": drawn_bottoms.jeans,
    "slacks": drawn_bottoms.slacks,
    "sweat pants": drawn_bottoms.sweat_pants,
    "skirt": drawn_bottoms.skirt,
    "shorts pants": drawn_bottoms.shorts,
    "sneakers": drawn_shoes.pair(drawn_shoes.sneaker),
    "dress shoes": drawn_shoes.pair(drawn_shoes.dress_shoe),
    "sandals": drawn_shoes.pair(drawn_shoes.sandal),
}

# A hood lies on the shoulders, over an outer too.
HOODS: dict[str, Callable[[Tailor], None]] = {
    "windbreaker jacket": drawn_tops.hood,
    "hoodie sweat shirt": drawn_tops.hood,
}
