"use strict";
// The Vega-Lite charts. Their colours come from the style sheet, so they follow dark mode.

const views = new Map();

function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Draw `spec` in `place`, in the theme of the page; the previous chart there is removed. */
async function draw(place, description, spec) {
  const chart = document.createElement("div");
  chart.className = "chart";
  place.append(chart);
  const { view } = await vegaEmbed(chart, { ...spec, description, width: "container", autosize: "fit-x", background: null, config: theme() }, { actions: false, renderer: "svg" });
  views.set(chart, view);
}

/** Free the charts that are no longer on the page. */
function removeOldCharts() {
  for (const [chart, view] of views) {
    if (!chart.isConnected) {
      view.finalize();
      views.delete(chart);
    }
  }
}

function theme() {
  const ink = themeColour("ink"), soft = themeColour("soft"), line = themeColour("line");
  const font = getComputedStyle(document.body).fontFamily;
  return {
    font,
    view: { stroke: null },
    axis: { labelColor: ink, titleColor: soft, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" },
    legend: { labelColor: ink, titleColor: soft, labelFontSize: 12, orient: "top", title: null },
    text: { color: ink, fontSize: 12 },
  };
}

const PERCENT = { format: ".0%", tickCount: 5, title: null, orient: "top" };

/** Encode rows of bars from top to bottom, in the order of the data. */
function nameAxis() {
  const narrow = document.body.clientWidth < 600;
  return { field: "name", type: "nominal", sort: null, axis: { title: null, ticks: false, domain: false, labelPadding: 6, labelLimit: narrow ? 118 : 190, labelOverlap: false } };
}

function intervalTip() {
  return [
    { field: "name", title: text("name") },
    { field: "place", title: text("place") },
    { field: "shareText", title: text("share") },
    { field: "intervalText", title: text("interval") },
    { field: "seenText", title: text("seen") },
  ];
}

/** Bars with 95 % intervals; two places are drawn beside each other. */
function barsSpec(rows, places) {
  const highest = Math.max(0.05, ...rows.map((row) => row.high));
  const x = { field: "share", type: "quantitative", axis: PERCENT, scale: { domain: [0, highest * 1.2], nice: false } };
  const pair = places.length > 1;
  const offset = pair ? { yOffset: { field: "place", sort: places } } : {};
  const fill = pair
    ? { field: "place", type: "nominal", sort: places, scale: { domain: places, range: [themeColour("accent"), themeColour("second")] } }
    : { field: "fill", type: "nominal", scale: null, legend: null };
  const names = new Set(rows.map((row) => row.name)).size;
  return {
    data: { values: rows },
    height: names * (pair ? 38 : 28),
    encoding: { y: nameAxis(), ...offset },
    layer: [
      {
        mark: { type: "bar", cornerRadiusEnd: 3, stroke: themeColour("soft"), strokeWidth: 0.6 },
        encoding: { x, fill, opacity: { condition: { test: "datum.grey", value: 0.35 }, value: 1 }, tooltip: intervalTip() },
      },
      { mark: { type: "rule", color: themeColour("paper"), strokeWidth: 4 }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
      { mark: { type: "rule", color: themeColour("ink"), strokeWidth: 1.6 }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
      { mark: { type: "text", align: "left", dx: 6, baseline: "middle" }, encoding: { x: { field: "high", type: "quantitative" }, text: { field: "shareText" } } },
    ],
  };
}

/** Changes with their intervals; clear ones are in the colour of a rise or fall. */
function changesSpec(rows) {
  const colour = { field: "kind", type: "nominal", legend: null, scale: { domain: ["up", "down", "other", "grey"], range: [themeColour("up"), themeColour("down"), themeColour("soft"), themeColour("line")] } };
  const x = { type: "quantitative", axis: { title: text("changeAxis"), format: "+.0f", tickCount: 5, orient: "top" } };
  const shared = { y: nameAxis(), color: colour, tooltip: [{ field: "name", title: text("name") }, { field: "changeText", title: text("changeAxis") }] };
  return {
    data: { values: rows },
    height: rows.length * 22,
    layer: [
      { mark: { type: "rule", strokeWidth: 2 }, encoding: { ...shared, x: { ...x, field: "low" }, x2: { field: "high" } } },
      { mark: { type: "point", filled: true, size: 70, opacity: 1 }, encoding: { ...shared, x: { ...x, field: "change" } } },
      { mark: { type: "rule", color: themeColour("ink"), strokeWidth: 1 }, encoding: { x: { datum: 0 } } },
    ],
  };
}

/** Choose at most ten of the months for the axis, or four on a phone. */
function monthTicks(rows) {
  const dates = [...new Set(rows.map((row) => row.date))].sort((one, other) => one - other);
  const step = Math.ceil(dates.length / (document.body.clientWidth < 600 ? 4 : 10));
  return dates.filter((_, index) => index % step === 0);
}

/** Shares over time with their intervals, forecasts and unusual weeks. */
function timeSpec(past, ahead, weeks, places) {
  const highest = Math.max(0.05, ...[...past, ...ahead, ...weeks].map((row) => row.high ?? row.share ?? 0));
  const x = { field: "date", type: "temporal", axis: { format: "%Y-%m", title: null, values: monthTicks([...past, ...ahead]), grid: false } };
  const y = { type: "quantitative", scale: { domain: [0, highest * 1.05] }, axis: { format: ".0%", tickCount: 5, title: null } };
  const color = { field: "place", type: "nominal", sort: places, legend: places.length > 1 ? {} : null, scale: { domain: places, range: [themeColour("accent"), themeColour("second")] } };
  const tooltip = [
    { field: "when", title: text("month") },
    { field: "place", title: text("place") },
    { field: "shareText", title: text("share") },
    { field: "intervalText", title: text("interval") },
  ];
  const band = (values, opacity) => ({ data: { values }, mark: { type: "area", opacity, line: false }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color } });
  const line = (values, strokeDash) => ({ data: { values }, mark: { type: "line", strokeDash, strokeWidth: 2.2 }, encoding: { x, y: { ...y, field: "share" }, color } });
  const points = (values, mark) => ({ data: { values }, mark: { type: "point", filled: true, size: document.body.clientWidth < 600 ? 14 : 40, opacity: 1, ...mark }, encoding: { x, y: { ...y, field: "share" }, color, tooltip } });
  return {
    height: 240,
    layer: [
      band(past, 0.22), line(past, [1, 0]), points(past, {}),
      ...(ahead.length ? [band(ahead, 0.12), line(ahead, [5, 4]), points(ahead.filter((row) => !row.joined), { filled: false })] : []),
      ...(weeks.length ? [points(weeks, { shape: "diamond", size: 130 })] : []),
    ],
  };
}
