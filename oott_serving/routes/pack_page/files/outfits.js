// Shows a recommendation: the packing list, the outfits of each day with their reasons, and what
// could not be considered.

const CATEGORIES = ["outer", "top", "bottom", "shoes"];
const DATE = new Intl.DateTimeFormat("en", { weekday: "short", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/** Make an element; text is never read as HTML. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Show the answer of POST /recommend in `place`. */
export function showOutfits(place, answer, names, closet) {
  const shown = { names, closet };
  place.replaceChildren(
    ...packingList(answer, shown),
    ...answer.days.map((day) => dayOf(day, shown)),
    ...(answer.not_considered.length
      ? [element("h2", {}, "What could not be considered"), element("ul", { id: "not-considered" }, ...answer.not_considered.map((text) => element("li", {}, text)))]
      : []));
}

function packingList(answer, { closet }) {
  const worn = new Map();
  for (const { date, outfits } of answer.days) {
    for (const piece of outfits[0]?.pieces ?? []) {
      const id = piece.closet_id ?? `${piece.color} ${piece.label}`;
      const known = worn.get(id) ?? { piece, dates: [] };
      known.dates.push(date);
      worn.set(id, known);
    }
  }
  const order = ({ piece }) => CATEGORIES.indexOf(piece.category);
  const items = [...worn.values()].sort((one, other) => order(one) - order(other)).map(({ piece, dates }) =>
    element("li", {}, nameOf(piece, closet), element("span", { class: "from" }, `${originOf(piece)}, ${dates.length} ${dates.length === 1 ? "day" : "days"}`)));
  return [element("h2", {}, "Packing list"), element("ul", { id: "list" }, ...items)];
}

function dayOf({ date, weather, outfits, missing }, shown) {
  const looks = outfits.map((outfit, index) => lookOf(outfit, index ? "Or" : "Wear", shown));
  return element("section", { class: "day" },
    element("h3", {}, DATE.format(new Date(`${date}T00:00:00Z`))),
    element("p", { class: "hint" }, weatherText(weather)),
    ...(missing.length ? [element("p", {}, `Nothing suits for: ${missing.join(", ")}.`)] : []),
    element("div", { class: "looks" }, ...looks, ...(outfits[0]?.companions ?? []).filter(({ pieces }) => pieces.length).map((companion) => companionOf(companion, shown))));
}

function weatherText(weather) {
  if (!weather) return "The weather is unknown.";
  const sources = { request: "as you said", forecast: "forecast, Open-Meteo.com", "climate normals": "usual in this time of the year" };
  const rain = weather.rain ? `, ${number(weather.rain)} mm of rain` : "";
  return `${number(weather.low)} to ${number(weather.high)} °C${rain} (${sources[weather.source]})`;
}

const number = (value) => String(Math.round(10 * value) / 10);

function lookOf({ pieces }, title, shown) {
  return element("article", { class: "look" },
    element("h4", {}, title),
    figureOf(pieces, shown),
    element("ul", { class: "pieces" }, ...pieces.map((piece) => pieceOf(piece, shown))));
}

function companionOf({ look, pieces }, shown) {
  return element("article", { class: "look" },
    element("h4", {}, look === "couple" ? "Your companion, in a couple look" : "Your companion, in a similar look"),
    figureOf(pieces, shown),
    element("ul", { class: "pieces" }, ...pieces.map((piece) => element("li", {}, nameOf(piece, shown.closet)))));
}

/** Draw a person in the pieces. */
function figureOf(pieces, { names }) {
  const byCategory = CATEGORIES.map((category) => pieces.find((piece) => piece.category === category));
  const samples = Object.fromEntries(names.colours.map(({ name, sample }) => [name, sample]));
  const description = `A person in ${pieces.map(({ color, label }) => `${color} ${label}`).join(", ")}`;
  return window.drawOutfit(byCategory.map((piece) => piece?.label), byCategory.map((piece) => samples[piece?.color]), description);
}

function pieceOf(piece, { closet }) {
  const reasons = piece.reasons.map(({ text }) => element("li", {}, text));
  return element("li", { "data-category": piece.category },
    nameOf(piece, closet),
    element("span", { class: "from" }, originOf(piece)),
    element("details", {}, element("summary", {}, "Why?"), element("ul", {}, ...reasons)));
}

function nameOf(piece, closet) {
  const photo = piece.closet_id && closet.photoOf(piece.closet_id);
  const name = element("span", {}, element("span", { class: "swatch", "data-colour": piece.color, "aria-hidden": "true" }), `${piece.color} ${piece.label}`);
  if (photo) name.prepend(element("img", { src: photo, alt: "" }));
  return name;
}

const originOf = ({ closet_id: id }) => (id ? "from your closet" : "to buy");
