"use strict";
// Reads the embedded data. Shares and changes are 0..1 here; the data has thousandths.

const DATA = JSON.parse(document.getElementById("data").textContent);
const MONTH_DATA = new Map(DATA.months.map((entry) => [entry.month, entry]));
const MONTHS = monthsBetween(DATA.months[0].month, DATA.month);
const NOTHING = -1;
// The change of each garment and colour at each place over two years, until the latest month.
const GROWTH = new Map(DATA.growth.map(growthOf));

/** List all months from `first` to `last`, written YYYY-MM, also those without data. */
function monthsBetween(first, last) {
  const months = [];
  for (let month = first; month <= last; month = monthAfter(month, 1)) months.push(month);
  return months;
}

function monthAfter(month, count) {
  const index = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 + count;
  return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, "0")}`;
}

/** Give a change over two years at a place, for the months and photos that all of them rest on. */
function growthAt(place) {
  const there = [...GROWTH].filter(([key]) => key.startsWith(`${place} `)).map(([, growth]) => growth);
  return there.find(({ trend }) => trend !== "alike") ?? there[0];
}

function comparedMonth(month, since) {
  return monthAfter(month, since === "year" ? -12 : -1);
}

function fraction(thousandths) {
  return thousandths == null ? null : thousandths / 1000;
}

/** Give what is known of a place in a month, or undefined if it has no photos. */
function placeIn(place, month) {
  return MONTH_DATA.get(month)?.places[place];
}

/** List the estimates of a "garment", "colour", "look" or "outfit" subject. */
function estimatesOf(place, month, subject) {
  return (placeIn(place, month)?.[subject] ?? []).map((row) => {
    const estimate = estimateOf(subject, row);
    estimate.since.years = (month === DATA.month && GROWTH.get(`${place} ${estimate.id}`)) || changeOf([]);
    return estimate;
  });
}

/** `since` has the changes since the month before and a year before; estimatesOf adds that of two years. */
function estimateOf(subject, [key, seen, share, low, high, needed = null, ...changes]) {
  const since = { month: changeOf(changes.slice(0, 4), share, needed), year: changeOf(changes.slice(4), share, needed) };
  return { ...itemOf(subject, key), seen, share: fraction(share), low: fraction(low), high: fraction(high), since };
}

function growthOf([place, subject, key, months, photos, photosBefore, needed, trend, share, ...change]) {
  return [`${place} ${itemOf(subject, key).id}`, { ...changeOf([trend, ...change], share, needed), months, photos, photosBefore }];
}

/** Describe a change to `share`; `needed` is how many photos are needed to tell one. */
function changeOf([trend, change, low, high], share = null, needed = null) {
  return {
    trend: trend == null ? "none" : DATA.trends[trend],
    needed,
    share: fraction(share),
    change: fraction(change),
    low: fraction(low),
    high: fraction(high),
  };
}

/** Describe a subject: its id is the same in every month. */
function itemOf(subject, key) {
  const parts = Array.isArray(key) ? key : [key];
  const garments = { garment: parts, look: parts.slice(0, 1), outfit: parts.slice(0, 4), colour: [] };
  const colours = { garment: [], look: parts.slice(1), outfit: parts.slice(4), colour: parts };
  const idParts = subject === "outfit" ? parts.slice(0, 4) : parts;
  return { subject, id: `${subject}:${idParts}`, garments: garments[subject], colours: colours[subject] };
}

/** Tell whether the detector cannot recognise the garment reliably. */
function isGrey(estimate) {
  return estimate.since.month.trend === "alike" || estimate.since.year.trend === "alike";
}

function isInCategory(item, category) {
  if (category === "all" || item.subject === "colour") return true;
  if (item.subject === "outfit") {
    return item.garments[DATA.categories.findIndex((each) => each.id === category)] !== NOTHING;
  }
  return DATA.garments[item.garments[0]].category === category;
}

/** Give the estimates of one item in each of MONTHS; null in a month without photos. */
function seriesOf(place, id) {
  const subject = id.split(":")[0];
  return MONTHS.map((month) => {
    const known = placeIn(place, month);
    if (!known || !known[subject]) return { month, estimate: null };
    const found = estimatesOf(place, month, subject).find((each) => each.id === id);
    return { month, estimate: found ?? null };
  });
}

function forecastsOf(place) {
  return DATA.forecasts
    .filter((row) => row[0] === place)
    .map(([, subject, key, month, share, low, high, needed, method, error, naive]) => ({
      ...itemOf(subject, key),
      month,
      share: fraction(share),
      low: fraction(low),
      high: fraction(high),
      needed,
      method,
      error: fraction(error),
      naive: fraction(naive),
    }));
}

function eventsOf(place) {
  return DATA.events
    .filter((row) => row[0] === place)
    .map(([, subject, key, week, share, expected, low, high, photos, posts]) => ({
      ...itemOf(subject, key),
      week,
      share: fraction(share),
      expected: fraction(expected),
      low: fraction(low),
      high: fraction(high),
      photos,
      posts,
    }));
}
