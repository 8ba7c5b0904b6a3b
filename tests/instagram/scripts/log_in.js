const form = document.querySelector("form");
const said = document.getElementById("said");
const csrf = () => (document.cookie.match(/csrftoken=([^;]+)/) || [])[1];

const say = (text) => {
  said.innerHTML = "";
  const alert = document.createElement("div");
  alert.setAttribute("role", "alert");
  alert.textContent = text;
  said.append(alert);
};

const logIn = async () => {
  const answer = await fetch("/api/login", {
    method: "POST",
    headers: { "X-CSRFToken": csrf() },
    body: new URLSearchParams(new FormData(form)),
  });
  if (answer.status === 429) return say("Please wait a few minutes before you try again.");
  const said = await answer.json();
  if (said.checkpoint_url) return location.assign(said.checkpoint_url);
  if (said.authenticated) return location.assign(said.next);
  say("Sorry, your password was incorrect. Please double-check your password.");
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  logIn().catch(() => say("We couldn't connect to Instagram. Make sure you're connected."));
});
