const { next } = JSON.parse(document.getElementById("page-data").textContent);
for (const button of document.querySelectorAll("main button")) {
  button.addEventListener("click", () => location.assign(next));
}
