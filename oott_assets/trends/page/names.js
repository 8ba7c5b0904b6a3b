"use strict";
// Writes names, shares, changes and months in the chosen language.

function nameOf({ subject, garments, colours }) {
  const garment = (index) => DATA.garments[index]?.[state.lang];
  const colour = (index) => DATA.colours[index]?.[state.lang];
  if (subject === "garment") return garment(garments[0]);
  if (subject === "colour") return colour(colours[0]);
  if (subject === "look") return `${colour(colours[0])} ${garment(garments[0])}`;
  return garments.filter((each) => each !== NOTHING).map(garment).join(" + ");
}

function placeName(index) {
  const place = DATA.places[index];
  return place.kind === "all" ? text("allPlaces") : place[state.lang];
}

function percent(share) {
  const rounded = (share * 100).toFixed(share > 0 && share < 0.0095 ? 1 : 0);
  return state.lang === "ko" ? `${rounded}%` : `${rounded}\u00a0%`;
}

function inPoints(change) {
  const rounded = (change * 100).toFixed(Math.abs(change) < 0.0095 ? 1 : 0);
  return `${change > 0 ? "+" : ""}${rounded.replace("-", "−")}`;
}

function monthName(month) {
  const [year, number] = month.split("-").map(Number);
  return new Date(year, number - 1, 1).toLocaleDateString(state.lang, { year: "numeric", month: "long" });
}

function intervalText({ low, high }) {
  return text("interval95", { low: percent(low).replace(/\s?%/, ""), high: percent(high) });
}

function rangeText({ share, low, high }) {
  return text("range", { share: percent(share), low: percent(low), high: percent(high) });
}

function changeText({ change, low, high }) {
  return text("range", { share: text("points", { change: inPoints(change) }), low: inPoints(low), high: inPoints(high) });
}
