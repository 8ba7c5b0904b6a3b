"use strict";
// Shows what is worn, and shares over time.

function barRows(subject, fillOf) {
  const places = shownPlaces();
  const ids = new Map();
  const rows = places.flatMap((place) => estimatesOf(place, state.month, subject)
    .filter((estimate) => isInCategory(estimate, state.category))
    .map((estimate) => ({ place, estimate })));
  for (const { estimate } of rows) ids.set(estimate.id, Math.max(ids.get(estimate.id) ?? 0, estimate.share));
  const kept = [...ids].filter(([, share]) => share > 0).sort((one, other) => other[1] - one[1]).slice(0, 24).map(([id]) => id);
  return rows
    .filter(({ estimate }) => kept.includes(estimate.id))
    .sort((one, other) => kept.indexOf(one.estimate.id) - kept.indexOf(other.estimate.id))
    .map(({ place, estimate }) => barDatum(place, estimate, fillOf));
}

function barDatum(place, estimate, fillOf) {
  return {
    name: nameOf(estimate),
    place: placeName(place),
    share: estimate.share,
    low: estimate.low,
    high: estimate.high,
    grey: isGrey(estimate),
    fill: isGrey(estimate) ? themeColour("soft") : fillOf(estimate),
    shareText: percent(estimate.share),
    intervalText: intervalText(estimate),
    seenText: `${estimate.seen} / ${placeIn(place, state.month).photos}`,
  };
}

function showBars(section, hintKey, subject, fillOf) {
  const body = bodyOf(section), rows = barRows(subject, fillOf);
  const missing = shownPlaces().flatMap((place) => missingPart(place) ?? []);
  body.replaceChildren(hint(hintKey), ...missing);
  if (rows.length) {
    draw(body, text(`${section}Title`), barsSpec(rows, shownPlaces().map(placeName)));
    body.append(folded("numbers", table(
      [text("name"), text("place"), text("share"), text("interval"), text("seen")],
      rows.map((row) => [row.name, row.place, row.shareText, row.intervalText, row.seenText]))));
  } else if (!missing.length) {
    body.append(element("p", {}, text("nothingSeen")));
  }
}

function showWorn() {
  for (const button of document.querySelectorAll("[data-subject]")) {
    button.setAttribute("aria-pressed", String(button.dataset.subject === state.subject));
  }
  const fillOf = ({ colours }) => (colours.length ? DATA.colours[colours[0]].sample : themeColour("accent"));
  showBars("worn", "wornHint", state.subject, fillOf);
}

function showColours() {
  showBars("colours", "coloursHint", "colour", ({ colours }) => DATA.colours[colours[0]].sample);
}

function itemsToShow() {
  const known = shownPlaces().flatMap((place) => ["garment", "colour", "look"].flatMap((subject) => estimatesOf(place, state.month, subject)));
  return [...new Map(known.filter((each) => isInCategory(each, state.category)).map((each) => [each.id, each])).values()];
}

function firstItem(items) {
  const changed = shownPlaces().flatMap((place) => [...clearChanges(place, "up"), ...clearChanges(place, "down")]);
  const garment = changed.find(({ subject }) => subject === "garment");
  const mostWorn = items.filter(({ subject }) => subject === "garment").sort((one, other) => other.share - one.share)[0];
  return (garment ?? mostWorn ?? items[0])?.id ?? null;
}

function showTime() {
  const items = itemsToShow(), select = document.getElementById("item");
  // An item that nobody chose changes with the place.
  const shown = items.some(({ id }) => id === state.item) ? state.item : firstItem(items);
  const groups = { garment: "garments", colour: "coloursTitle", look: "looks" };
  select.replaceChildren(...Object.entries(groups).map(([subject, key]) => element("optgroup", { label: text(key) },
    ...items.filter((item) => item.subject === subject).map((item) => element("option", { value: item.id, selected: item.id === shown }, nameOf(item))))));
  const body = bodyOf("time");
  body.replaceChildren(hint("timeHint"));
  removeOldCharts();
  if (!items.length) return;
  const places = shownPlaces();
  const past = places.flatMap((place) => seriesOf(place, shown).map(({ month, estimate }) => timeDatum(place, month, estimate)));
  const ahead = places.flatMap((place) => aheadOf(place, shown, past));
  const weeks = places.flatMap((place) => eventsOf(place).filter(({ id }) => id === shown).map((event) => weekDatum(place, event)));
  draw(body, nameOf(items.find(({ id }) => id === shown)), timeSpec(past, ahead, weeks, places.map(placeName)));
}

function dateOf(day) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date || 1).getTime();
}

function timeDatum(place, month, estimate) {
  const { share = null, low = null, high = null } = estimate ?? {};
  return { place: placeName(place), date: dateOf(month), when: monthName(month), share, low, high, ...(estimate ? intervalTexts(estimate) : {}) };
}

function intervalTexts({ share, low, high }) {
  return { shareText: percent(share), intervalText: intervalText({ low, high }) };
}

/** Give the forecasts of the shown item, after its last known share, so that the lines join. */
function aheadOf(place, item, past) {
  const forecasts = forecastsOf(place).filter(({ id, share }) => id === item && share !== null);
  if (!forecasts.length) return [];
  const last = past.filter((row) => row.place === placeName(place) && row.share !== null).at(-1);
  return [...(last ? [{ ...last, joined: true, low: last.share, high: last.share }] : []),
    ...forecasts.map((forecast) => timeDatum(place, forecast.month, forecast))];
}

function weekDatum(place, event) {
  return { place: placeName(place), date: dateOf(event.week), when: text("week", { week: event.week }), share: event.share, shareText: percent(event.share), intervalText: "" };
}
