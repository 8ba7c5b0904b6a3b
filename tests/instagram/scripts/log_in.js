const form = document.querySelector("form");
const message = document.getElementById("message");
const csrf = () => (document.cookie.match(/csrftoken=([^;]+)/) || [])[1];

const say = (text) => {
  message.innerHTML = "";
  const alert = document.createElement("div");
  alert.setAttribute("role", "alert");
  alert.textContent = text;
  message.append(alert);
};

const logIn = async () => {
  const answer = await fetch("/api/login", {
    method: "POST",
    headers: { "X-CSRFToken": csrf() },
    body: new URLSearchParams(new FormData(form)),
  });
  if (answer.status === 429) return say("Please wait a few minutes before you try again.");
  const message = await answer.json();
  if (message.checkpoint_url) return location.assign(message.checkpoint_url);
  if (message.authenticated) return location.assign(message.next);
  say("Sorry, your password was incorrect. Please double-check your password.");
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  logIn().catch(() => say("We couldn't connect to Instagram. Make sure you're connected."));
});
