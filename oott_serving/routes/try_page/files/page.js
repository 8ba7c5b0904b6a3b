// Takes a photo by choice, camera, drop or paste, sends it, and shows the answer or the problem.

import { showAnswer } from "./answer.js";
import { onDrop } from "./drops.js";
import { openPhoto, Problem } from "./photos.js";
import { garmentsIn, KeyNeeded } from "./requests.js";

const byId = (id) => document.getElementById(id);

let key = ""; // kept only here, so it is gone when the page is left
let file = null;
let address = null;
let underWay = new AbortController();

async function send() {
  underWay.abort();
  underWay = new AbortController();
  const { signal } = underWay;
  showProblem(null);
  byId("progress").textContent = "The service looks at the photo …";
  try {
    const { blob, change } = await openPhoto(file);
    const { answer, milliseconds } = await garmentsIn(blob, key, signal);
    if (signal.aborted) return;
    showPhoto(blob, change, answer, milliseconds);
  } catch (error) {
    if (signal.aborted) return;
    showProblem(error instanceof Problem ? error : new Problem(`This page failed: ${error.message}. Reload it.`));
  }
}

function showPhoto(blob, change, answer, took) {
  if (address) URL.revokeObjectURL(address);
  address = URL.createObjectURL(blob);
  byId("key").hidden = true;
  byId("answer").hidden = false;
  showAnswer({ address, name: file.name || "", answer, change, took });
  const count = answer.garments.length;
  byId("progress").textContent = `Done: ${count} ${count === 1 ? "garment" : "garments"} found.`;
}

function showProblem(problem) {
  byId("problem").hidden = problem === null;
  byId("problem").textContent = problem?.message ?? "";
  byId("again").hidden = problem === null || problem instanceof KeyNeeded;
  byId("progress").textContent = "";
  if (problem === null) return;
  byId("answer").hidden = true;
  if (problem instanceof KeyNeeded) {
    byId("key").hidden = false;
    byId("key-text").focus();
  }
}

function take(files) {
  const photo = [...files].find((each) => each.type.startsWith("image/")) ?? files[0];
  if (!photo) return showProblem(new Problem("That is not a file. Save the photo first, then choose it."));
  file = photo;
  send();
}

for (const field of [byId("file"), byId("camera")]) {
  field.addEventListener("change", () => {
    if (field.files.length) take(field.files);
    field.value = ""; // so that the same photo can be chosen again
  });
}
document.addEventListener("paste", (event) => {
  if (event.target !== byId("key-text")) take(event.clipboardData.files);
});
onDrop(take);
byId("again").addEventListener("click", send);
byId("key").addEventListener("submit", (event) => {
  event.preventDefault();
  key = byId("key-text").value.trim();
  send();
});
