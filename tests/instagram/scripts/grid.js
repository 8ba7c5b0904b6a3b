// A virtual list: only the rows near the window are in the page, with empty space above and below.
const ROWS_SHOWN = 12;
const ROWS_ABOVE = 4;
const NEAR_PIXELS = 400;
const MAX_TRIES = 3;

const data = JSON.parse(document.getElementById("page-data").textContent);
const [above, rows, below, more] = ["above", "rows", "below", "more"].map((id) =>
  document.getElementById(id)
);
const posts = data.posts;
const shown = new Map();
let cursor = data.cursor;
let rowHeight = 0;
let loading = false;
let tries = 0;

const rowOf = (index) => {
  const row = document.createElement("div");
  row.className = "row";
  for (const post of posts.slice(3 * index, 3 * index + 3)) {
    const link = document.createElement("a");
    link.href = post.path;
    const image = document.createElement("img");
    image.alt = "";
    image.src = post.small;
    // A row is as high as its photos, so without photos there is nothing to scroll.
    image.addEventListener("load", () => {
      show();
      // The height of a row is known when its photos are loaded.
      if ([...rows.querySelectorAll("img")].every((it) => it.complete)) loadIfNear();
    });
    link.append(image);
    row.append(link);
  }
  return row;
};

const bottom = () => document.documentElement.scrollHeight - innerHeight;

const firstRowOf = (count) => {
  const passed = rowHeight ? Math.floor((scrollY - above.offsetTop) / rowHeight) : 0;
  // While photos load, rows are lower than the reserved space.
  const first = rowHeight && scrollY >= bottom() - 1 ? count : passed - ROWS_ABOVE;
  return Math.max(0, Math.min(first, count - ROWS_SHOWN));
};

const show = () => {
  rowHeight = Math.max(rowHeight, ...[...rows.children].map((row) => row.offsetHeight));
  const count = Math.ceil(posts.length / 3);
  const first = firstRowOf(count);
  const last = Math.min(first + ROWS_SHOWN, count);
  for (const [index, row] of shown) {
    const isFull = row.childElementCount === Math.min(3, posts.length - 3 * index);
    if (index < first || index >= last || !isFull) {
      row.remove();
      shown.delete(index);
    }
  }
  for (let index = first; index < last; index += 1) {
    if (shown.has(index)) continue;
    const next = [...shown.keys()].filter((it) => it > index).sort((a, b) => a - b)[0];
    shown.set(index, rowOf(index));
    rows.insertBefore(shown.get(index), next === undefined ? null : shown.get(next));
  }
  above.style.height = `${first * rowHeight}px`;
  below.style.height = `${(count - last) * rowHeight}px`;
  more.hidden = cursor === null;
  if (cursor === null) more.replaceChildren();
};

const giveUp = (text) => {
  const alert = document.createElement("div");
  alert.setAttribute("role", "alert");
  alert.textContent = text;
  document.querySelector("main").append(alert);
};

const load = async () => {
  loading = true;
  try {
    const answer = await fetch(`${data.api}?cursor=${cursor}`);
    if (answer.status === 401) return location.assign(data.login);
    if (answer.status === 429) return giveUp("Please wait a few minutes before you try again.");
    if (!answer.ok) throw new Error(answer.status);
    const page = await answer.json();
    posts.push(...page.posts);
    cursor = page.cursor;
    tries = 0;
    loading = false;
    show();
  } catch {
    tries += 1;
    if (tries === MAX_TRIES) return giveUp("Something went wrong. Please try again.");
    setTimeout(load, 150 * 2 ** tries);
  }
};

const loadIfNear = () => {
  if (!loading && cursor !== null && scrollY > bottom() - NEAR_PIXELS) load();
};

document.addEventListener("scroll", () => {
  show();
  loadIfNear();
});
show();
loadIfNear();
