"use strict";
// Shows outfits, forecasts, unusual weeks, and what cannot be told.

function showOutfits() {
  bodyOf("outfits").replaceChildren(hint("outfitsHint"), columns((place) => {
    const outfits = estimatesOf(place, state.month, "outfit")
      .filter((outfit) => isInCategory(outfit, state.category) && outfit.share > 0)
      .sort((one, other) => other.share - one.share)
      .slice(0, 8);
    if (!outfits.length) return [element("p", {}, text("nothingSeen"))];
    return [element("ol", { class: "outfits" }, ...outfits.map(outfitCard))];
  }));
}

function outfitCard(outfit) {
  const parts = outfit.garments.map((garment, index) => garment === NOTHING ? null
    : [DATA.colours[outfit.colours[index]]?.[state.lang], DATA.garments[garment][state.lang]].filter(Boolean).join(" "));
  const description = parts.filter(Boolean).join(", ");
  return element("li", {}, outfitFigure(outfit, description),
    element("strong", {}, percent(outfit.share)), element("span", { class: "interval" }, intervalText(outfit)),
    element("p", {}, description));
}

function showAhead() {
  bodyOf("ahead").replaceChildren(hint("aheadHint"), columns((place) => {
    const forecasts = forecastsOf(place).filter((each) => each.subject !== "outfit" && isInCategory(each, state.category));
    const told = forecasts.filter(({ share }) => share !== null);
    if (!forecasts.length) return [element("p", {}, text("noForecast"))];
    return [...(told.length ? [forecastTable(place, told)] : []), ...untoldForecasts(place, forecasts)];
  }));
}

function forecastTable(place, forecasts) {
  const months = [...new Set(forecasts.map(({ month }) => month))].sort().slice(0, 3);
  const items = [...new Map(forecasts.map((each) => [each.id, each])).values()];
  const latest = new Map(["garment", "colour", "look"].flatMap((subject) => estimatesOf(place, DATA.month, subject)).map((each) => [each.id, each]));
  return table([text("name"), monthName(DATA.month), ...months.map(monthName), text("method")], items.map((item) => [
    nameOf(item),
    latest.has(item.id) ? percent(latest.get(item.id).share) : "–",
    ...months.map((month) => {
      const forecast = forecasts.find((each) => each.id === item.id && each.month === month);
      return forecast ? rangeText(forecast) : "–";
    }),
    item.error === null ? item.method : text("errors", { method: item.method, error: (item.error * 100).toFixed(1), naive: (item.naive * 100).toFixed(1) }),
  ]));
}

/** Say why there is no forecast; what the detector does not recognise is listed elsewhere. */
function untoldForecasts(place, forecasts) {
  const grey = new Set(estimatesOf(place, DATA.month, "garment").filter(isGrey).map(({ id }) => id));
  const untold = forecasts.filter(({ share, subject, id }) => share === null && subject === "garment" && !grey.has(id));
  if (!untold.length) return [];
  const namesBy = new Map();
  for (const each of untold) namesBy.set(each.needed, new Set([...namesBy.get(each.needed) ?? [], nameOf(each)]));
  return [element("h4", {}, text("cannotBeTold")), element("ul", {}, ...[...namesBy].map(([months, names]) =>
    element("li", {}, text(months ? "needsMonths" : "notBetter", { names: fewNames([...names]), months }))))];
}

function fewNames(names) {
  return names.length > 8 ? text("manyGarments", { count: names.length }) : names.join(", ");
}

function showEvents() {
  bodyOf("events").replaceChildren(columns((place) => {
    const events = eventsOf(place)
      .filter((event) => event.subject !== "outfit" && isInCategory(event, state.category) && event.week.slice(0, 7) <= state.month)
      .sort((one, other) => (one.week < other.week ? 1 : -1)).slice(0, 12);
    if (!events.length) return [element("p", {}, text("noEvents"))];
    return [element("ul", { class: "events" }, ...events.map((event) => element("li", {},
      element("strong", {}, text("week", { week: event.week })), " ",
      text("event", { name: nameOf(event), share: percent(event.share), photos: event.photos, expected: percent(event.expected), low: percent(event.low), high: percent(event.high) }))))];
  }));
}

function showUntold() {
  bodyOf("untold").replaceChildren(columns((place) => {
    const limits = [...tooFewPhotos(place), ...notRecognised(place), ...missingMonths(place)];
    return limits.length ? [element("ul", {}, ...limits)] : [element("p", {}, text("everythingTold"))];
  }));
}

function tooFewPhotos(place) {
  const few = estimatesOf(place, state.month, "garment")
    .filter((each) => isInCategory(each, state.category) && each.since[state.since].trend === "few");
  const names = few.map((each) => (each.since[state.since].needed ? text("needed", { name: nameOf(each), needed: each.since[state.since].needed }) : nameOf(each)));
  const { photos } = state.since === "years" ? growthAt(place) ?? {} : placeIn(place, state.month);
  return names.length ? [element("li", {}, text("tooFew", { photos, names: names.join(", ") }))] : [];
}

function notRecognised(place) {
  const grey = estimatesOf(place, state.month, "garment").filter((each) => isGrey(each) && isInCategory(each, state.category));
  const { quality } = MONTH_DATA.get(state.month);
  const names = grey.map((each) => {
    const measured = quality[each.garments[0]];
    return measured ? text("quality", { name: nameOf(each), precision: percent(fraction(measured[0]) ?? 0), recall: percent(fraction(measured[1])) }) : nameOf(each);
  });
  return names.length ? [element("li", {}, text("notRecognised"), " ", names.join(", "), ".")] : [];
}

function missingMonths(place) {
  const missing = MONTHS.filter((month) => month <= state.month && !placeIn(place, month));
  return missing.length ? [element("li", {}, text("missingMonths", { place: placeName(place), months: missing.map(monthName).join(", ") }))] : [];
}

function showAbout() {
  const quality = MONTH_DATA.get(state.month)?.quality ?? {};
  const rows = Object.entries(quality).map(([garment, [precision, recall]]) =>
    [DATA.garments[garment][state.lang], precision === null ? "–" : percent(fraction(precision)), percent(fraction(recall))]);
  bodyOf("about").replaceChildren(
    element("p", {}, text("about")),
    ...(rows.length ? [folded("detectorQuality", table([text("name"), text("precision"), text("recall")], rows))] : []),
    element("p", { class: "hint" }, text("madeAt", { time: new Date(DATA.madeAt).toLocaleString(state.lang, { dateStyle: "long", timeStyle: "short" }) })));
}
