// Shows an answer: the photo with its boxes, the list of garments, the times and the detector.

const STAGES = [
  ["waiting", "Waiting for its turn"],
  ["decoding", "Decoding the photo"],
  ["detection", "Finding garments"],
  ["colours", "Naming colours"],
];

/** Make an element; text is never read as HTML. */
function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const percent = (confidence) => `${Math.round(100 * confidence)} %`;
const milliseconds = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** Show the photo at `address` with the garments of `answer`. */
export function showAnswer({ address, name, answer, change, took }) {
  const { garments } = answer;
  const found = garments.map(({ label }) => label).join(", ");
  const photo = element("img", { src: address, alt: `Your photo ${name}. ${found ? `It shows: ${found}.` : "No garment was found in it."}` });
  const boxes = garments.map((garment) => boxOf(garment, answer));
  const tags = garments.map((garment, index) =>
    element("span", { class: "tag", "data-category": garment.category }, `${index + 1} ${garment.label} ${percent(garment.confidence)}`));
  const marked = element("div", { class: "marked" }, photo, ...boxes, ...tags);
  document.getElementById("photo").replaceChildren(marked, element("figcaption", { class: "hint" }, change));
  new ResizeObserver(() => placeTags(marked, tags, garments, answer)).observe(marked);
  showGarments(garments, marked, boxes, tags);
  showFacts(answer, took);
}

function boxOf({ box, category }, { width, height }) {
  const node = element("div", { class: "box", "data-category": category, "aria-hidden": "true" });
  node.style.left = `${(100 * box.x_min) / width}%`;
  node.style.top = `${(100 * box.y_min) / height}%`;
  node.style.width = `${(100 * (box.x_max - box.x_min)) / width}%`;
  node.style.height = `${(100 * (box.y_max - box.y_min)) / height}%`;
  return node;
}

/** Put each tag at the top of its box, inside the photo, and below the tags that it would cover. */
function placeTags(marked, tags, garments, { width, height }) {
  const placed = [];
  const [scaleX, scaleY] = [marked.clientWidth / width, marked.clientHeight / height];
  const fromTheTop = garments.map(({ box }, index) => ({ box, tag: tags[index] })).sort((one, other) => one.box.y_min - other.box.y_min);
  for (const { box, tag } of fromTheTop) {
    const [wide, high] = [tag.offsetWidth, tag.offsetHeight];
    const left = Math.max(0, Math.min(box.x_min * scaleX, marked.clientWidth - wide));
    let top = Math.max(0, Math.min(box.y_min * scaleY, marked.clientHeight - high));
    for (const other of placed) {
      const isBeside = left + wide < other.left || other.right < left;
      if (!isBeside && top < other.bottom + 1 && other.top < top + high + 1) top = other.bottom + 1;
    }
    placed.push({ left, right: left + wide, top, bottom: top + high });
    placed.sort((one, other) => one.top - other.top);
    tag.style.left = `${left}px`;
    tag.style.top = `${top}px`;
  }
}

function showGarments(garments, marked, boxes, tags) {
  const choose = (chosen) => {
    marked.classList.toggle("chosen", chosen !== null);
    boxes.forEach((box, index) => box.classList.toggle("is-chosen", index === chosen));
    tags.forEach((tag, index) => tag.classList.toggle("is-chosen", index === chosen));
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", index === chosen));
  };
  const buttons = garments.map((garment, index) => garmentButton(garment, index + 1));
  buttons.forEach((button, index) =>
    button.addEventListener("click", () => choose(button.getAttribute("aria-pressed") === "true" ? null : index)));
  const title = garments.length === 1 ? "1 garment" : `${garments.length} garments`;
  document.getElementById("garments").replaceChildren(
    element("h2", {}, garments.length ? title : "No garment"),
    garments.length
      ? element("ol", {}, ...buttons.map((button) => element("li", {}, button)))
      : element("p", {}, "The detector found no garment in this photo. Try a photo that shows clothes larger or in more light."));
}

function garmentButton({ label, category, confidence, color, full_color: fullColour }, number) {
  return element("button", { type: "button", class: "garment", "data-category": category, "aria-pressed": "false" },
    element("span", {}, `${number} `, element("strong", {}, label), ` (${category})`),
    element("span", {}, percent(confidence)),
    element("meter", { min: 0, max: 1, value: confidence, "aria-hidden": "true" }),
    element("span", { class: "colours" }, swatch(fullColour, `Colour: ${fullColour}`), swatch(color, `In the app: ${color}`)));
}

function swatch(colour, text) {
  return element("span", {}, element("span", { class: "swatch", "data-colour": colour, "aria-hidden": "true" }), text);
}

function showFacts(answer, took) {
  const times = STAGES.map(([stage, name]) => [name, milliseconds(answer.milliseconds[stage])]);
  const rows = [...times, ["Whole request, with the network", milliseconds(took)]];
  document.getElementById("facts").replaceChildren(
    element("h2", {}, "Time"),
    element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    element("h2", {}, "Detector"),
    element("p", { id: "version" }, answer.detector_version));
}
