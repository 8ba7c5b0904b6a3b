"use strict";
// Shows what rises and falls.

const SHOWN_CHANGES = 6;

/** List what rises ("up") or falls ("down") clearly: garments first, and the largest change first. */
function clearChanges(place, trend) {
  const size = (estimate) => Math.abs(estimate.since[state.since].change);
  return ["garment", "colour", "look", "outfit"].flatMap((subject) => estimatesOf(place, state.month, subject)
    .filter((estimate) => isInCategory(estimate, state.category))
    .filter((estimate) => estimate.since[state.since].trend === trend)
    .sort((one, other) => size(other) - size(one)));
}

function showShort() {
  const short = document.getElementById("short");
  short.replaceChildren(columns((place) => [
    element("div", { class: "cards" }, ...["up", "down"].map((trend) => headline(place, trend)), rests(place)),
    ...cautions(place),
  ]));
}

function headline(place, trend) {
  const changes = clearChanges(place, trend).filter(({ subject }) => subject === "garment" || subject === "colour").slice(0, 3);
  const empty = trend === "up" ? "nothingRises" : "nothingFalls";
  return element("div", { class: `card ${trend}` },
    element("h2", {}, text(trend === "up" ? "rises" : "falls")),
    changes.length
      ? element("ul", {}, ...changes.map((estimate) => element("li", {},
        ...swatches(estimate), element("strong", {}, nameOf(estimate)), " ",
        fromTo(estimate.since[state.since]))))
      : element("p", {}, text(empty)));
}

function rests(place) {
  const { photos, posts, detector } = placeIn(place, state.month);
  const growth = state.since === "years" ? growthAt(place) : undefined;
  return element("div", { class: "card" },
    element("h2", {}, text("restsOn")),
    element("p", {}, text("photosAndPosts", { photos: photos.toLocaleString(state.lang), posts: posts.toLocaleString(state.lang) })),
    growth?.months ? element("p", {}, text("growthPhotos", { months: growth.months, photos: growth.photos.toLocaleString(state.lang), before: growth.photosBefore.toLocaleString(state.lang) })) : null,
    element("p", { class: "version" }, text("detector", { version: DATA.detectors[detector] })));
}

/** Say what stands in the way of comparing with the earlier month. */
function cautions(place) {
  if (state.since === "years") return growthCautions(place);
  const before = comparedMonth(state.month, state.since);
  const now = placeIn(place, state.month), then = placeIn(place, before);
  const found = [];
  if (!MONTH_DATA.get(state.month).details) found.push(text("noDetails"));
  else if (!then) found.push(text("nothingToCompare", { month: monthName(before) }));
  else if (then.detector !== now.detector) found.push(text("otherDetector", { month: monthName(before) }));
  return found.map((each) => element("p", { class: "missing" }, each));
}

function growthCautions(place) {
  const missing = (key, values) => [element("p", { class: "missing" }, text(key, values))];
  if (state.month !== DATA.month) return missing("growthOfLatest", { month: monthName(DATA.month) });
  const growth = growthAt(place);
  if (growth?.trend === "detector") return missing("otherDetectorYear");
  return growth?.change == null ? missing("growthNeeds", { months: growth?.months ?? 0 }) : [];
}

function fromTo({ share, change }) {
  return text("fromTo", { before: percent(share - change), now: percent(share) });
}

function showChanges() {
  const both = shownPlaces().flatMap((place) => ["up", "down"].flatMap((trend) => clearChanges(place, trend)));
  const widest = Math.max(0.05, ...both.flatMap(({ since }) => [Math.abs(since[state.since].low), Math.abs(since[state.since].high)]));
  const body = bodyOf("changes");
  body.replaceChildren(hint("changesHint"), columns((place) => [
    changeList(place, "up", widest), changeList(place, "down", widest), ...otherChanges(place),
  ]));
}

function changeList(place, trend, widest) {
  const changes = clearChanges(place, trend);
  const sign = trend === "up" ? "▲" : "▼";
  const title = element("h4", { class: trend }, `${sign} ${text(trend === "up" ? "rises" : "falls")}`);
  if (!changes.length) {
    return element("div", {}, title, element("p", {}, text(trend === "up" ? "nothingRises" : "nothingFalls")));
  }
  const rows = changes.map((estimate) => changeRow(place, estimate, widest));
  const more = rows.slice(SHOWN_CHANGES);
  const list = (items) => element("ul", { class: `changes ${trend}` }, ...items);
  return element("div", {}, title, list(rows.slice(0, SHOWN_CHANGES)),
    more.length ? element("details", {}, element("summary", {}, text("more", { count: more.length })), list(more)) : null);
}

function changeRow(place, estimate, widest) {
  const change = estimate.since[state.since], name = nameOf(estimate);
  return element("li", {},
    estimate.subject === "outfit"
      ? element("span", { class: "name" }, name)
      : element("button", { type: "button", class: "name", title: text("showOverTime", { name }), onclick: () => chooseItem(estimate.id) }, ...swatches(estimate), name),
    sparkline(seriesOf(place, estimate.id), name),
    element("span", { class: "shares" }, fromTo(change)),
    changeBar(change, widest, changeText(change)),
    element("span", { class: "amount" }, changeText(change)));
}

function chooseItem(id) {
  state.item = id;
  showTime();
  document.getElementById("time").scrollIntoView({ behavior: "smooth" });
}

function otherChanges(place) {
  const rows = estimatesOf(place, state.month, "garment")
    .filter((estimate) => isInCategory(estimate, state.category) && estimate.since[state.since].change !== null)
    .sort((one, other) => other.since[state.since].change - one.since[state.since].change)
    .map((estimate) => changeDatum(estimate));
  if (!rows.length) return [];
  const details = folded("allChanges");
  details.addEventListener("toggle", () => {
    // A chart in a closed element has no width, so it is drawn when the element opens.
    if (details.open && details.children.length === 1) draw(details, text("allChanges"), changesSpec(rows));
  });
  return [details];
}

function changeDatum(estimate) {
  const change = estimate.since[state.since];
  const kind = isGrey(estimate) ? "grey" : { up: "up", down: "down" }[change.trend] ?? "other";
  const inHundredths = (value) => value * 100;
  return { name: nameOf(estimate), kind, changeText: changeText(change), change: inHundredths(change.change), low: inHundredths(change.low), high: inHundredths(change.high) };
}
