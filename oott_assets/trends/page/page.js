"use strict";
// The controls of the page, and what each section shows for the chosen place and month.

const state = chosenBefore();

/** Read the choices from the address, so that a link shows the same; else show all places. */
function chosenBefore() {
  const chosen = new URLSearchParams(location.hash.slice(1));
  const placeNamed = (id) => DATA.places.findIndex((place) => place.id === id);
  const lang = chosen.get("lang") ?? (navigator.language.startsWith("ko") ? "ko" : "en");
  const month = chosen.get("month");
  return {
    lang: lang === "ko" ? "ko" : "en",
    place: Math.max(0, placeNamed(chosen.get("place"))),
    other: placeNamed(chosen.get("with")),
    category: DATA.categories.some(({ id }) => id === chosen.get("category")) ? chosen.get("category") : "all",
    month: MONTHS.includes(month) ? month : DATA.month,
    since: ["year", "years"].includes(chosen.get("since")) ? chosen.get("since") : "month",
    subject: "garment",
    item: null,
  };
}

function choose(changes) {
  Object.assign(state, changes);
  const { lang, place, other, category, month, since } = state;
  const link = new URLSearchParams({ lang, place: DATA.places[place].id, category, month, since });
  if (other >= 0) link.set("with", DATA.places[other].id);
  history.replaceState(null, "", `#${link}`);
  show();
}

function option(value, label, chosen) {
  return element("option", { value, selected: String(value) === String(chosen) }, label);
}

function placeOptions(chosen) {
  const entries = DATA.places.map((place, index) => ({ ...place, index }));
  const single = entries.filter(({ kind }) => kind === "all").map(({ index }) => option(index, placeName(index), chosen));
  const kinds = entries.filter(({ kind }) => kind === "category");
  const group = (label, places) => places.length ? [element("optgroup", { label }, ...places.map(({ index }) => option(index, placeName(index), chosen)))] : [];
  const destinations = entries.filter(({ kind }) => kind === "destination");
  const inKind = (kind) => destinations.filter(({ category }) => category === kind.id);
  const rest = destinations.filter(({ category }) => !kinds.some(({ id }) => id === category));
  return [...single, ...group(text("categories"), kinds), ...kinds.flatMap((kind) => group(kind[state.lang], inKind(kind))), ...group(text("where"), rest)];
}

function showControls() {
  document.getElementById("place").replaceChildren(...placeOptions(state.place));
  document.getElementById("other").replaceChildren(option(-1, text("nothingElse"), state.other), ...placeOptions(state.other));
  document.getElementById("category").replaceChildren(option("all", text("allCategories"), state.category),
    ...DATA.categories.map((each) => option(each.id, each[state.lang], state.category)));
  document.getElementById("month").replaceChildren(...[...MONTHS].reverse().map((month) =>
    option(month, MONTH_DATA.has(month) ? monthName(month) : `${monthName(month)} (${text("noPhotosInMonth")})`, state.month)));
  document.getElementById("since").replaceChildren(...[["month", "monthBefore"], ["year", "yearBefore"], ["years", "twelveBefore"]].map(([value, key]) => option(value, text(key), state.since)));
}

/** Show a button for each destination, with its largest changes, to choose it in one click. */
function showWhere() {
  const strip = document.getElementById("where");
  const places = DATA.places.map((place, index) => ({ ...place, index }))
    .filter(({ kind, index }) => kind !== "category" && placeIn(index, state.month));
  strip.replaceChildren(...places.map(({ id, index }) =>
    element("button", { type: "button", "data-place": id, "aria-pressed": String(index === state.place), onclick: () => choose({ place: index }) },
      element("strong", {}, placeName(index)), element("small", {}, text("photosShort", { photos: placeIn(index, state.month).photos })), ...mainChanges(index))));
  const pressed = strip.querySelector("[aria-pressed=true]");
  if (pressed) strip.scrollLeft = pressed.offsetLeft - (strip.clientWidth - pressed.offsetWidth) / 2;
}

function mainChanges(place) {
  const changes = ["up", "down"].flatMap((trend) => clearChanges(place, trend).filter(({ subject }) => subject === "garment").slice(0, 1));
  if (!changes.length) return [element("span", { class: "hint" }, text("noClearChange"))];
  return changes.map((estimate) => {
    const { trend, change } = estimate.since[state.since];
    return element("span", { class: trend }, `${trend === "up" ? "▲" : "▼"} ${nameOf(estimate)} ${inPoints(change)}`);
  });
}

function showWords() {
  document.documentElement.lang = state.lang;
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = text(node.dataset.text);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", text(node.dataset.label));
  for (const button of document.querySelectorAll("[data-lang]")) button.setAttribute("aria-pressed", String(button.dataset.lang === state.lang));
  const title = text("title", { place: shownPlaces().map(placeName).join(" · "), month: monthName(state.month) });
  document.getElementById("title").textContent = title;
  document.title = `OOTT – ${title}`;
  const drawn = document.getElementById("drawn");
  drawn.hidden = !DATA.drawn.includes(state.month);
  drawn.textContent = text("drawn");
}

function show() {
  showWords();
  showControls();
  showWhere();
  showShort();
  showChanges();
  showWorn();
  showTime();
  showColours();
  showOutfits();
  showAhead();
  showEvents();
  showUntold();
  showAbout();
  removeOldCharts();
}

function start() {
  const chosenBy = {
    place: (value) => ({ place: Number(value) }),
    other: (value) => ({ other: Number(value) }),
    category: (category) => ({ category }),
    month: (month) => ({ month }),
    since: (since) => ({ since }),
    item: (item) => ({ item }),
  };
  for (const [id, changes] of Object.entries(chosenBy)) {
    document.getElementById(id).addEventListener("change", ({ target }) => choose(changes(target.value)));
  }
  for (const button of document.querySelectorAll("[data-lang]")) button.addEventListener("click", () => choose({ lang: button.dataset.lang }));
  for (const button of document.querySelectorAll("[data-subject]")) button.addEventListener("click", () => choose({ subject: button.dataset.subject }));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

start();
