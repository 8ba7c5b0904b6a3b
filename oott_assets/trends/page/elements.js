"use strict";
// Makes the elements that several sections use.

/** Make an element; text is never read as HTML. */
function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

function bodyOf(section) {
  return document.querySelector(`#${section} .body`);
}

function hint(key, values) {
  return element("p", { class: "hint" }, text(key, values));
}

function shownPlaces() {
  return state.other >= 0 ? [state.place, state.other] : [state.place];
}

/** Make one column per shown place, filled by `fill(place)`. */
function columns(fill) {
  const places = shownPlaces();
  return element("div", { class: places.length > 1 ? "columns" : "" }, ...places.map((place, index) =>
    element("div", {},
      places.length > 1 ? element("h3", { class: `place${index}` }, placeName(place)) : null,
      ...missingPart(place) ?? fill(place))));
}

/** Say why a place has nothing in the chosen month; null if it has something. */
function missingPart(place) {
  if (placeIn(place, state.month)) return null;
  return [element("p", { class: "missing" }, text("noPhotos", { place: placeName(place), month: monthName(state.month) }))];
}

function swatches(item) {
  const colours = item.subject === "outfit" ? [] : item.colours;
  return colours.map((each) => {
    const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = DATA.colours[each].sample;
    return swatch;
  });
}

function table(headings, rows) {
  return element("div", { class: "scroll" }, element("table", {},
    element("thead", {}, element("tr", {}, ...headings.map((each) => element("th", { scope: "col" }, each)))),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell, index) =>
      index ? element("td", {}, cell) : element("th", { scope: "row" }, cell)))))));
}

function folded(key, ...children) {
  return element("details", {}, element("summary", {}, text(key)), ...children);
}
