"use strict";
// Draws outfits as figures, and sparklines, in SVG. Coordinates are of the viewBox.

/** Draw a person in an outfit; a part without a known colour is light grey. */
function outfitFigure(outfit, description) {
  const garments = outfit.garments.map((each) => DATA.garments[each]?.id);
  const fills = garments.map((_, index) => DATA.colours[outfit.colours[index]]?.sample ?? "#d8d8d8");
  return drawOutfit(garments, fills, description);
}

/** Draw the last two years of a series, with a break in each month without photos. */
function sparkline(series, description) {
  const shown = series.slice(-24);
  const highest = Math.max(0.02, ...shown.map(({ estimate }) => estimate?.high ?? 0));
  const at = (index, share) => [
    4 + (index * 112) / Math.max(1, shown.length - 1), 30 - (share / highest) * 26,
  ].map((number) => number.toFixed(1)).join(" ");
  const picture = svgElement("svg", { viewBox: "0 0 120 34", class: "spark", role: "img", "aria-label": description });
  for (const run of runsOf(shown)) {
    const above = run.map(({ index, estimate }) => at(index, estimate.high));
    const below = run.map(({ index, estimate }) => at(index, estimate.low)).reverse();
    picture.append(
      svgElement("path", { d: `M${[...above, ...below].join(" L")} Z`, class: "band" }),
      svgElement("path", { d: `M${run.map(({ index, estimate }) => at(index, estimate.share)).join(" L")}`, class: "line" }),
    );
  }
  const last = shown.length - 1;
  if (shown[last].estimate) {
    const [cx, cy] = at(last, shown[last].estimate.share).split(" ");
    picture.append(svgElement("circle", { cx, cy, r: 3, class: "dot" }));
  }
  return picture;
}

/** Split a series into its parts without a gap. */
function runsOf(series) {
  const runs = [[]];
  series.forEach(({ estimate }, index) => {
    if (estimate) runs.at(-1).push({ index, estimate });
    else runs.push([]);
  });
  return runs.filter((run) => run.length);
}

/** Draw the interval of a change on a scale from -`widest` to `widest`. */
function changeBar({ change, low, high }, widest, description) {
  const at = (value) => (60 + (Math.max(-widest, Math.min(widest, value)) / widest) * 56).toFixed(1);
  return svgElement("svg", { viewBox: "0 0 120 34", class: "changebar", role: "img", "aria-label": description },
    svgElement("line", { x1: 60, x2: 60, y1: 4, y2: 30, class: "zero" }),
    svgElement("line", { x1: at(low), x2: at(high), y1: 17, y2: 17, class: "range" }),
    svgElement("circle", { cx: at(change), cy: 17, r: 5, class: "dot" }));
}
