"use strict";
// Draws a person in an outfit, in SVG. Coordinates are of the viewBox. The trend page and the packing
// page of the service use it.

const SVG = "http://www.w3.org/2000/svg";
const SKIN = "#dcae8e";

function svgElement(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function shape(d, fill) {
  return svgElement("path", { d, fill, stroke: "#222", "stroke-opacity": 0.45, "stroke-width": 1.2, "stroke-linejoin": "round" });
}

function lines(d, width = 1.4) {
  return svgElement("path", { d, fill: "none", stroke: "#000", "stroke-opacity": 0.42, "stroke-width": width, "stroke-linecap": "round" });
}

const SLEEVES = {
  none: [],
  short: ["M40 56 L27 84 L39 90 L46 72 Z", "M80 56 L93 84 L81 90 L74 72 Z"],
  long: ["M40 56 L22 128 L33 132 L48 78 Z", "M80 56 L98 128 L87 132 L72 78 Z"],
  wide: ["M39 55 L17 129 L33 134 L50 80 Z", "M81 55 L103 129 L87 134 L70 80 Z"],
};
const TORSO = "M40 56 L51 50 Q60 60 69 50 L80 56 L78 92 L80 132 L40 132 L42 92 Z";
const BUTTONS = "M60 66 v.1 M60 80 v.1 M60 94 v.1 M60 108 v.1 M60 121 v.1";

// For each top: its sleeves, and the lines that distinguish it.
const TOPS = {
  "tee shirt": ["short", "M53 98 h14"],
  "long sleeve shirt": ["long", "M42 74 h36 M42 86 h36 M42 98 h36 M41 110 h38"],
  "tank top": ["none", "M46 58 Q60 78 74 58"],
  shirt: ["long", `M51 50 L58 64 L60 58 L62 64 L69 50 ${BUTTONS}`],
  "polo shirt": ["short", "M51 50 L57 62 L60 57 L63 62 L69 50 M60 62 v16"],
  "sweat shirt": ["wide", "M40 124 h40 M51 53 Q60 65 69 53"],
  "hoodie sweat shirt": ["wide", "M47 52 Q60 76 73 52 M56 66 v14 M64 66 v14 M48 108 h24 l4 18 h-32 Z"],
  "knit sweater": ["wide", "M50 54 Q60 64 70 54 M48 74 l4 6 4 -6 4 6 4 -6 4 6 4 -6 M48 92 l4 6 4 -6 4 6 4 -6 4 6 4 -6 M48 110 l4 6 4 -6 4 6 4 -6 4 6 4 -6"],
  dress: ["short", "M43 96 h34 M50 100 L44 178 M60 100 V182 M70 100 L76 178"],
};
const DRESS = "M40 56 L51 50 Q60 62 69 50 L80 56 L77 96 L90 182 L30 182 L43 96 Z";

const BOTTOMS = {
  jeans: ["M40 128 H80 L84 230 H64 L60 154 L56 230 H36 Z", "M40 134 H80 M44 136 q2 10 -4 12 M76 136 q-2 10 4 12 M60 134 v14"],
  slacks: ["M41 128 H79 L79 230 H65 L60 152 L55 230 H41 Z", "M50 140 L47 228 M70 140 L73 228"],
  "sweat pants": ["M39 128 H81 L86 222 L66 226 L60 156 L54 226 L34 222 Z", "M57 134 v9 M63 134 v9 M36 216 h18 M66 216 h18"],
  skirt: ["M41 128 H79 L92 182 H28 Z", "M50 134 L43 180 M60 134 V181 M70 134 L77 180"],
  "shorts pants": ["M40 128 H80 L86 172 H62 L60 152 L58 172 H34 Z", "M40 134 H80"],
};

// For each outer: its hem, and the lines that distinguish it.
const OUTERS = {
  blazer: [142, "M52 50 L45 72 L55 92 M68 50 L75 72 L65 92 M54 104 v.1 M54 116 v.1"],
  "denim jacket": [128, "M37 78 h17 M66 78 h17 M44 80 v40 M76 80 v40 M54 70 v.1 M54 86 v.1 M54 102 v.1"],
  "leather jacket": [126, "M52 50 L44 66 L56 78 M68 50 L76 66 L64 78 M52 84 L56 124 M40 108 l8 -4 M80 108 l-8 -4"],
  coat: [190, "M52 50 L45 74 L55 96 M68 50 L75 74 L65 96 M54 112 v.1 M54 134 v.1 M40 138 h9 M71 138 h9"],
  "windbreaker jacket": [134, "M38 76 L54 88 M82 76 L66 88 M36 127 h18 M66 127 h18 M47 51 Q60 44 73 51"],
  cardigan: [140, "M53 51 L56 96 V138 M67 51 L64 96 V138 M53 108 v.1 M53 122 v.1 M53 134 v.1"],
  puffer: [132, "M36 70 q9 5 18 0 M66 70 q9 5 18 0 M36 86 q9 5 18 0 M66 86 q9 5 18 0 M35 102 q9 5 19 0 M66 102 q9 5 19 0 M35 118 q9 5 19 0 M66 118 q9 5 19 0 M22 104 l14 4 M28 84 l14 4 M98 104 l-14 4 M92 84 l-14 4"],
};

const SHOES = {
  sneakers: (fill) => [shape("M37 230 h17 v10 h-23 q-1 -6 6 -10 Z M66 230 h17 q7 4 6 10 h-23 Z", fill), shape("M31 240 h23 v4 h-23 Z M66 240 h23 v4 h-23 Z", "#f5f5f5")],
  "dress shoes": (fill) => [shape("M39 230 h15 v12 h-26 q1 -5 11 -8 Z M66 230 h15 v4 q10 3 11 8 h-26 Z", fill)],
  sandals: (fill) => [shape("M32 238 h22 v5 h-22 Z M66 238 h22 v5 h-22 Z", fill), lines("M38 238 q4 -6 10 0 M72 238 q4 -6 10 0 M36 232 h18 M66 232 h18", 2.4)],
};

/** Draw a person; garments and fills are for outer, top, bottom and shoes. */
function drawOutfit([outer, top, bottom, shoes], [outerFill, topFill, bottomFill, shoesFill], description) {
  const figure = svgElement("svg", { viewBox: "8 4 104 244", role: "img", "aria-label": description });
  figure.append(...body());
  if (SHOES[shoes]) figure.append(...SHOES[shoes](shoesFill));
  if (BOTTOMS[bottom]) figure.append(shape(BOTTOMS[bottom][0], bottomFill), lines(BOTTOMS[bottom][1]));
  if (TOPS[top]) {
    const [sleeves, details] = TOPS[top];
    figure.append(...SLEEVES[sleeves].map((d) => shape(d, topFill)), shape(top === "dress" ? DRESS : TORSO, topFill), lines(details));
  }
  if (OUTERS[outer]) figure.append(...outerParts(OUTERS[outer], outerFill));
  figure.append(...head());
  return figure;
}

function outerParts([hem, details], fill) {
  const left = `M53 48 L39 55 L36 ${hem} H54 L56 90 Z`;
  const right = `M67 48 L81 55 L84 ${hem} H66 L64 90 Z`;
  return [...SLEEVES.wide.map((d) => shape(d, fill)), shape(left, fill), shape(right, fill), lines(details, 1.8)];
}

function body() {
  const limbs = "M43 60 L24 140 L31 142 L50 84 Z M77 60 L96 140 L89 142 L70 84 Z M44 126 L42 236 H54 L60 150 L66 236 H78 L76 126 Z";
  return [shape(limbs, SKIN), shape("M42 56 L52 51 H68 L78 56 L76 92 L78 130 H42 L44 92 Z", SKIN)];
}

function head() {
  return [
    shape("M54 38 h12 v14 q-6 5 -12 0 Z", SKIN),
    svgElement("circle", { cx: 60, cy: 27, r: 15, fill: SKIN, stroke: "#222", "stroke-opacity": 0.45 }),
    shape("M44 27 Q44 10 60 10 Q76 10 76 27 Q70 18 60 19 Q50 18 44 27 Z", "#3a2c26"),
  ];
}
