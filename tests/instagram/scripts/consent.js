const dialog = document.querySelector("[role=dialog]");
for (const button of dialog.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    document.cookie = `ig_consent=${button.value}; path=/; max-age=31536000`;
    dialog.parentElement.remove();
  });
}
