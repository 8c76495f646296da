// The server sends times of day in UTC; this converts them to the local time zone.

function showLocalTimes() {
  const language = document.documentElement.lang;
  for (const time of document.querySelectorAll("time[data-clock]")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString(language, { hour: "numeric", minute: "2-digit" });
  }
}

showLocalTimes();
document.addEventListener("htmx:after:swap", showLocalTimes);
