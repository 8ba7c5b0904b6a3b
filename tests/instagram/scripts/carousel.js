// Only the slide that is shown and the next one are in the page.
const { slides } = JSON.parse(document.getElementById("page-data").textContent);
const list = document.querySelector("article ul");
const [back, next] = ["Go back", "Next"].map((name) => {
  const button = document.createElement("button");
  button.setAttribute("aria-label", name);
  return button;
});
let current = 0;

const show = () => {
  list.innerHTML = slides.slice(current, current + 2).map((it) => `<li>${it}</li>`).join("");
  back.remove();
  next.remove();
  if (current < slides.length - 1) list.after(next);
  if (current > 0) list.after(back);
};

const turn = (step) => setTimeout(() => {
  current = Math.max(0, Math.min(current + step, slides.length - 1));
  show();
}, 20);

back.addEventListener("click", () => turn(-1));
next.addEventListener("click", () => turn(1));
show();
