// Reads the form, keeps the closet, asks POST /recommend, and shows the outfits or the problem.

import { Closet } from "./closet.js";
import { element, showOutfits } from "./outfits.js";
import { onDrop } from "../try/drops.js";
import { Problem } from "../try/photos.js";
import { KeyNeeded, recommendationFor } from "../try/requests.js";

const OUTFITS_PER_DAY = 2;

const byId = (id) => document.getElementById(id);

let key = ""; // kept only here, so it is gone when the page is left
const names = await fetch("pack/names.json").then((response) => response.json());
const closet = new Closet(byId("closet"), names, () => key);

offer();

function offer() {
  const both = ({ name, korean }) => `${name} · ${korean}`;
  byId("place").append(...names.categories.map((category) => element("optgroup", { label: category.name },
    element("option", { value: category.slug }, `${category.name}: any place`),
    ...names.places.filter((place) => place.category === category.slug)
      .map((place) => element("option", { value: place.slug }, `${place.name} · ${place.slug}`)))));
  byId("purpose").append(...names.purposes.map((each) => element("option", { value: each.name }, both(each))));
  byId("style").append(...names.styles.map((each) => element("option", { value: each.name }, both(each))));
  byId("wishes").append(...[...names.garments, ...names.colours].map(({ name }) => element("option", { value: name })));
  const tomorrow = new Date(Date.now() + 86_400_000);
  byId("from").value = isoDate(tomorrow);
}

function isoDate(day) {
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

function dates() {
  const [year, month, day] = byId("from").value.split("-").map(Number);
  return Array.from({ length: Number(byId("days").value) }, (_, later) => isoDate(new Date(year, month - 1, day + later)));
}

function trip() {
  const listed = (id) => byId(id).value.split(",").map((name) => name.trim()).filter(Boolean);
  const sent = { destination: byId("place").value, dates: dates(), outfits: OUTFITS_PER_DAY, closet: closet.pieces() };
  sent.taste = { liked: listed("liked"), disliked: listed("disliked"), styles: byId("style").value ? [byId("style").value] : [] };
  if (byId("gender").value) sent.gender = byId("gender").value;
  if (byId("purpose").value) sent.purpose = byId("purpose").value;
  if (byId("companion").value) sent.companions = [{ look: byId("companion").value }];
  const weather = weatherOfEachDay();
  return weather ? { ...sent, weather: sent.dates.map((date) => ({ date, ...weather })) } : sent;
}

function weatherOfEachDay() {
  const [low, high, rain] = ["low", "high", "rain"].map((id) => byId(id).value);
  if (!low && !high) return null;
  if (!low || !high) throw new Problem("Give both the lowest and the highest temperature, or none.");
  return { low: Number(low), high: Number(high), rain: Number(rain || 0) };
}

async function pack() {
  showProblem(null);
  byId("progress").textContent = "The service packs …";
  try {
    const answer = await recommendationFor(trip(), key);
    byId("key").hidden = true;
    showOutfits(byId("outfits"), answer, names, closet);
    byId("progress").textContent = "";
  } catch (error) {
    showProblem(error);
  }
}

async function addPhotos(files) {
  showProblem(null);
  let number = 0;
  for (const file of files) {
    byId("progress").textContent = `The service reads photo ${(number += 1)} of ${files.length} …`;
    try {
      await closet.add(file);
    } catch (error) {
      showProblem(error);
      return;
    }
  }
  byId("progress").textContent = closet.summary();
}

function showProblem(error) {
  const problem = error === null || error instanceof Problem ? error : new Problem(`This page failed: ${error.message}. Reload it.`);
  byId("problem").hidden = problem === null;
  byId("problem").textContent = problem?.message ?? "";
  byId("progress").textContent = "";
  if (problem instanceof KeyNeeded) {
    byId("key").hidden = false;
    byId("key-text").focus();
  }
}

byId("trip").addEventListener("submit", (event) => {
  event.preventDefault();
  pack();
});
byId("key").addEventListener("submit", (event) => {
  event.preventDefault();
  key = byId("key-text").value.trim();
  byId("key").hidden = true;
  showProblem(null);
});
byId("photos").addEventListener("change", () => {
  addPhotos([...byId("photos").files]);
  byId("photos").value = ""; // so that the same photo can be chosen again
});
onDrop(addPhotos);
document.body.dataset.ready = "yes";
