// Times of day come in UTC, which is true for everyone; here they become what the clock on the wall says.

function showClocks() {
  const language = document.documentElement.lang;
  for (const time of document.querySelectorAll("time[data-clock]")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString(language, { hour: "numeric", minute: "2-digit" });
  }
}

showClocks();
document.addEventListener("htmx:after:swap", showClocks);
